import type { BenchRow } from './bench.ts';

/** Rows as columns under the names of the first row's fields, one line each; empty where there is no row. */
export function toTable(rows: readonly BenchRow[]): string {
  if (rows.length === 0) return '';
  const fields = Object.keys(rows[0]!);
  const lines = [fields, ...rows.map((row) => fields.map((field) => toCell(row[field] ?? null)))];
  const widths = fields.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const toLine = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  return lines.map((cells) => `${toLine(cells).trimEnd()}\n`).join('');
}

function toCell(value: BenchRow[string]): string {
  if (value === null) return '-';
  if (typeof value === 'number') return toNumber(value);
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([part, share]) => `${part} ${(100 * share).toFixed(1)}%`)
    .join(', ');
}

/** Three digits, or as many as the whole number has. */
function toNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}
