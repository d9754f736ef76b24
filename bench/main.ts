/** `npm run -s bench -- NAME [options]`: see bench/README.md. */
import { messageOf } from '../core/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { describeHostFacts } from '../worker/tf/probe.ts';
import { asha } from './asha.ts';
import type { Bench } from './bench.ts';
import { calibration } from './calibration.ts';
import { help, readCommandLine } from './command-line.ts';
import { regret } from './regret.ts';
import { suggest } from './suggest.ts';
import { toTable } from './table.ts';
import { teacherCache } from './teacher-cache.ts';
import { trainStep } from './train-step.ts';
import { transfer } from './transfer.ts';

const benches: ReadonlyMap<string, Bench> = new Map([
  ['train-step', trainStep],
  ['teacher-cache', teacherCache],
  ['regret', regret],
  ['suggest', suggest],
  ['asha', asha],
  ['calibration', calibration],
  ['transfer', transfer],
]);

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2), benches);
  if (command.kind === 'help') return void process.stdout.write(help(benches));
  const at = new Date(systemClock.now()).toISOString();
  const { rows, problems } = await benches.get(command.name)!.run(command.options, say);
  const report = { bench: command.name, at, machine: describeHostFacts(), rows };
  process.stdout.write(command.json ? `${JSON.stringify(report)}\n` : toTable(rows));
  if (problems.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  say(messageOf(error));
  process.exitCode = 1;
});
