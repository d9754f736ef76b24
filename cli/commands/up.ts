import { defineCommand, ExitCode, readWhole } from '../command.ts';
import { formatFolder, plural } from '../format.ts';
import { portOptions } from '../port-options.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { surviveClosedPipes } from '../terminal.ts';
import { workerCommand } from '../worker-command.ts';

const name = 'up';

export const up = defineCommand({
  name,
  summary: 'run everything on this machine: PostgreSQL, coordinator, workers',
  details: [
    'Prints one line `ready http=http://HOST:PORT grpc=HOST:PORT` when it is ready, then runs until Ctrl-C, which stops',
    'workers, coordinator and PostgreSQL in this order; a second Ctrl-C does not wait for running trials.',
    'Data stay in the home folder. After a crash, start it again: running workers are adopted and sweeps go on.',
    'With DATABASE_URL set, that database is used and no PostgreSQL is started.',
  ],
  examples: [
    ['up', 'the default: two workers, or half of the cores where that is more'],
    ['up --workers 0', 'no local worker: look at results, or let other hosts work'],
    ['up --home /data/abkd --http-port 0 --grpc-port 0', 'another home, any free ports'],
  ],
  args: {
    workers: { type: 'string', valueHint: 'N', description: 'local workers, each runs one trial at a time; 0 to 256' },
    home: {
      type: 'string',
      valueHint: 'DIR',
      description: 'folder of database, logs, cache (ABKD_HOME, default ./.abkd)',
    },
    ...portOptions,
    'data-dir': {
      type: 'string',
      valueHint: 'DIR',
      description: 'datasets, a folder each (ABKD_DATA_DIR, default ./data)',
    },
  },
  run: async ({ args, terminal }) => {
    const { readUpConfig } = await import('../../coordinator/embedded/config.ts');
    const upConfig = readUpConfig({
      workers: readWhole(name, 'workers', args.workers, { min: 0, max: 256 }),
      home: args.home,
      httpPort: readWhole(name, 'http-port', args['http-port'], { min: 0, max: 65_535 }),
      grpcPort: readWhole(name, 'grpc-port', args['grpc-port'], { min: 0, max: 65_535 }),
      dataDir: args['data-dir'],
      workerCommand,
    });
    surviveClosedPipes();
    const signals = catchStopSignals();
    const { startUp } = await import('../../coordinator/embedded/up.ts');
    const running = await startUp(upConfig, terminal.note);
    terminal.print(`ready http=${running.httpUrl} grpc=${running.grpcAddress}`);
    terminal.note(
      `${plural(upConfig.workers, 'local worker')}; logs in ${formatFolder(running.logFolder)}; Ctrl-C stops`,
    );
    const broken = await Promise.race([signals.stopped, running.broken]);
    terminal.note(broken === undefined ? 'Stopping ...' : `Stopping: ${broken}`);
    await running.stop(signals.hasten);
    return broken === undefined ? ExitCode.OK : ExitCode.ERROR;
  },
});
