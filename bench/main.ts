/** `npm run -s bench -- NAME [--quick] [--json] [--backend NAME]` */
import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { describeHostFacts } from '../worker/tf/probe.ts';
import type { Bench, BenchRow } from './bench.ts';
import { benchTrainStep } from './train-step.ts';

const benches: ReadonlyMap<string, Bench> = new Map([['train-step', benchTrainStep]]);

const options = {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  backend: { type: 'string', default: 'auto' },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const name = positionals[0] ?? '';
  const bench = benches.get(name);
  if (bench === undefined) {
    throw new Error(`Cannot run bench "${name}": unknown, expected one of ${[...benches.keys()].join(', ')}`);
  }
  const at = new Date(systemClock.now()).toISOString();
  const rows = await bench({ quick: values.quick, backend: values.backend });
  const report = { bench: name, at, machine: describeHostFacts(), rows };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : toTable(rows));
}

function toTable(rows: readonly BenchRow[]): string {
  const fields = Object.keys(rows[0] ?? {});
  const lines = [fields, ...rows.map((row) => fields.map((field) => toCell(row[field] ?? null)))];
  const widths = fields.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function toCell(value: BenchRow[string]): string {
  if (value === null) return '-';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(2);
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([part, share]) => `${part} ${(100 * share).toFixed(0)}%`)
    .join(', ');
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
