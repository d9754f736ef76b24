import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunningUp } from '../../coordinator/embedded/up.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import { AbkdError } from '../../core/errors.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import { type Client, createClient } from '../client.ts';
import { defineCommand, ExitCode, readWhole } from '../command.ts';
import type { CliConfig } from '../config.ts';
import { countTrials, formatFolder, formatSpan, plural } from '../format.ts';
import { followSweep } from '../progress.ts';
import { catchStopSignals, type StopSignals } from '../stop-signals.ts';
import { renderSummary } from '../summary-text.ts';
import { surviveClosedPipes, type Terminal } from '../terminal.ts';
import { failureLines } from '../trial-failures.ts';
import { workerCommand } from '../worker-command.ts';

const name = 'demo';
const specFile = 'examples/mnist-demo.yaml';
const defaultWorkers = 2;

export const demo = defineCommand({
  name,
  summary: 'sweep α/β on real MNIST through the whole system and print the table',
  details: [
    'Starts PostgreSQL, a coordinator and two workers of its own (any free ports; beside a running `up` if there is one),',
    `submits ${specFile}, shows the progress, and prints what \`best\` prints. In a terminal it then stays up until`,
    'Ctrl-C; without a terminal, or with --exit, it ends. Results stay in the home; the last lines say how to open them.',
    'Each run is a sweep of its own; over all runs, equal points with equal seeds count once.',
  ],
  examples: [
    ['demo', 'a few minutes on two cores'],
    ['demo --exit', 'ends after the table'],
  ],
  args: {
    exit: { type: 'boolean', description: 'end after the table, in a terminal too' },
    home: { type: 'string', valueHint: 'DIR', description: 'folder of its database and logs (default ABKD_HOME/demo)' },
    workers: { type: 'string', valueHint: 'N', description: `worker processes, 1 to 64 (default ${defaultWorkers})` },
    spec: { type: 'string', valueHint: 'FILE', description: `another sweep than ${specFile}` },
  },
  run: async ({ args, config, terminal }) => {
    const { readUpConfig } = await import('../../coordinator/embedded/config.ts');
    const home = resolve(args.home ?? join(config.home, 'demo'));
    const document = await readSpec(args.spec);
    const upConfig = readUpConfig({
      workers: readWhole(name, 'workers', args.workers, { min: 1, max: 64 }) ?? defaultWorkers,
      home,
      httpPort: 0,
      grpcPort: 0,
      ownDatabase: true,
      workerCommand,
    });
    surviveClosedPipes();
    const signals = catchStopSignals();
    terminal.note(
      `Starting PostgreSQL, a coordinator and ${plural(upConfig.workers, 'worker')} in ${formatFolder(home)} ...`,
    );
    const { startUp } = await import('../../coordinator/embedded/up.ts');
    const running = await startUp(upConfig, terminal.note);
    const hints = { home, workers: upConfig.workers, config, terminal };
    try {
      const finished = await runSweep(running, document, signals, terminal);
      if (finished === null) {
        sayHowToOpen(hints, upConfig.workers);
        return ExitCode.INTERRUPTED;
      }
      if (terminal.interactive && !args.exit) await stayUp(running, signals, hints);
      sayHowToOpen(hints, 0);
      return finished.state === 'COMPLETED' ? ExitCode.OK : ExitCode.SWEEP_FAILED;
    } finally {
      await running.stop(signals.hasten);
    }
  },
});

/** Submits, follows and prints; null where the user, or the end of PostgreSQL, stopped it before its end. */
async function runSweep(
  running: RunningUp,
  document: string,
  signals: StopSignals,
  terminal: Terminal,
): Promise<SweepAnswer | null> {
  const client = createClient(running.httpUrl);
  const created = await client.submit(document, 'application/yaml');
  terminal.note(`${plural(created.tasks, 'task')}, ${plural(created.plannedTrials, 'trial')}; sweep ${created.id}`);
  const stop = new AbortController();
  signals.stop.addEventListener('abort', () => stop.abort(), { once: true });
  void running.broken.then((reason) => {
    terminal.note(reason);
    stop.abort();
  });
  const style = terminal.interactive ? 'bars' : 'lines';
  const sweep = await followSweep(client, created.id, { terminal, style, signal: stop.signal });
  if (!isFinalSweepState(sweep.state)) return null;
  await printResult(client, sweep, terminal);
  return sweep;
}

async function printResult(client: Client, sweep: SweepAnswer, terminal: Terminal): Promise<void> {
  const { total } = countTrials(sweep.trials);
  const took = formatSpan(sweep.startedAt, sweep.finishedAt, 0);
  terminal.print(`\n${sweep.state}: ${sweep.trials.SUCCEEDED} of ${plural(total, 'trial')} succeeded, in ${took}`);
  for (const line of await failureLines(client, sweep)) terminal.print(line);
  const summary = await client.readSummary({ sweep: sweep.id });
  terminal.print(`\n${renderSummary(summary, terminal).join('\n')}\n`);
}

interface Hints {
  readonly home: string;
  readonly config: CliConfig;
  readonly terminal: Terminal;
}

async function stayUp(running: RunningUp, signals: StopSignals, { config, terminal }: Hints): Promise<void> {
  terminal.note(`Still up at ${running.httpUrl} (summary: ${running.httpUrl}/api/v1/summary). In another terminal:`);
  terminal.note(`  ABKD_URL=${running.httpUrl} ${config.program} best`);
  terminal.note('Ctrl-C stops everything.');
  await Promise.race([signals.stopped, running.broken]);
}

function sayHowToOpen({ home, config, terminal }: Hints, workers: number): void {
  const what = workers === 0 ? 'Results stay' : 'What is done stays';
  const why = workers === 0 ? 'To open them again' : 'To go on with it';
  terminal.note(`${what} in ${formatFolder(home)}. ${why}, and in another terminal to see the table:`);
  terminal.note(`  ${config.program} up --home ${formatFolder(home)} --workers ${workers}`);
  terminal.note(`  ${config.program} best`);
}

/** The example of the package, from the source tree or from dist/. */
async function readSpec(file: string | undefined): Promise<string> {
  const places =
    file === undefined ? ['../../', '../../../'].map((up) => new URL(up + specFile, import.meta.url)) : [resolve(file)];
  for (const place of places) {
    try {
      return await readFile(place, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new AbkdError('BAD_CONFIG', `Cannot read spec "${file ?? specFile}": there is no such file`);
}
