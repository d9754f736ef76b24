/** A table of trials: what is known of a search that was run in full. */
import { AbkdError, messageOf } from '../errors.ts';

export interface TrialTable {
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  /** Null where the table has no column for it: a row then stands for every seed. */
  readonly seedColumn: string | null;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly params: Readonly<Record<string, number>>;
  /** 0 without a seed column. */
  readonly seed: number;
  /** 1 without an epoch column. */
  readonly epoch: number;
  /** Null for a trial that failed. */
  readonly value: number | null;
}

const seedColumns = ['replicate', 'seed'];
const form = 'expected a column per parameter, value, and where there are several replicate (or seed) and epoch';

/**
 * Reads CSV with a title line, or a JSON array of flat objects with the same names. An empty value, `nan` or null is a
 * trial that failed.
 *
 * @throws {AbkdError} MISSING_DATA naming the row, from 1 without the titles, and the column
 */
export function readTrialTable(text: string, format: 'csv' | 'json'): TrialTable {
  const records = format === 'json' ? readJson(text) : readCsv(text);
  const columns = Object.keys(records[0] ?? {});
  if (records.length === 0) throw unreadable(`it has no rows, ${form}`);
  if (!columns.includes('value')) throw unreadable(`it has no column value, ${form}`);
  const seedColumn = seedColumns.find((name) => columns.includes(name)) ?? null;
  const parameters = columns.filter((name) => !['value', 'epoch', ...seedColumns].includes(name));
  const rows = records.map((record, index): TableRow => {
    const number = (column: string) => readNumber(record, column, index);
    return {
      params: Object.fromEntries(parameters.map((name) => [name, number(name)])),
      seed: seedColumn === null ? 0 : number(seedColumn),
      epoch: columns.includes('epoch') ? number('epoch') : 1,
      value: isFailure(record.value) ? null : number('value'),
    };
  });
  return { parameters, seedColumn, rows };
}

type TableRecord = Readonly<Record<string, unknown>>;

function readJson(text: string): readonly TableRecord[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (error) {
    throw unreadable(messageOf(error));
  }
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  if (!Array.isArray(rows) || !rows.every(isRow)) throw unreadable(`it is no array of objects, ${form}`);
  return rows;
}

function readCsv(text: string): readonly TableRecord[] {
  const [titles, ...rows] = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
  return rows.map((cells, index) => {
    if (cells.length !== titles!.length) {
      throw unreadable(`row ${index + 1} has ${cells.length} columns, expected ${titles!.length}`);
    }
    return Object.fromEntries(cells.map((cell, column) => [titles![column]!, cell]));
  });
}

function isFailure(value: unknown): boolean {
  return value === null || (typeof value === 'string' && ['', 'nan', 'null'].includes(value.toLowerCase()));
}

function readNumber(record: TableRecord, column: string, index: number): number {
  const text = record[column];
  const value = typeof text === 'string' && text !== '' ? Number(text) : text;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw unreadable(`${column} of row ${index + 1} is ${JSON.stringify(text) ?? 'missing'}, expected a number`);
}

function unreadable(reason: string): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot read the table: ${reason}`);
}
