import { defineCommand, ExitCode } from '../command.ts';
import { environmentWith } from '../config.ts';
import { portOptions } from '../port-options.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { surviveClosedPipes } from '../terminal.ts';

const name = 'coordinator';

export const coordinator = defineCommand({
  name,
  summary: 'run a coordinator on a PostgreSQL of your own',
  details: [
    'DATABASE_URL names the database; missing migrations are applied first. Any number of coordinators may share one',
    'database; they hold no state, so any of them may be stopped or killed at any time.',
    'Prints one line `ready http=http://HOST:PORT grpc=HOST:PORT`; logs JSON lines to standard error (ABKD_LOG_LEVEL).',
  ],
  examples: [
    ['coordinator', 'on 127.0.0.1'],
    ['coordinator --host 0.0.0.0', 'for workers of other hosts; keep the gRPC port inside a network you trust'],
  ],
  args: {
    host: { type: 'string', valueHint: 'ADDRESS', description: 'address to listen on (ABKD_HOST, default 127.0.0.1)' },
    ...portOptions,
  },
  run: async ({ args, terminal }) => {
    const { readCoordinatorConfig } = await import('../../coordinator/config.ts');
    const config = readCoordinatorConfig(
      environmentWith({
        ABKD_HOST: args.host,
        ABKD_HTTP_PORT: args['http-port'],
        ABKD_GRPC_PORT: args['grpc-port'],
      }),
    );
    surviveClosedPipes();
    const signals = catchStopSignals();
    signals.hasten.addEventListener('abort', () => process.exit(ExitCode.INTERRUPTED));
    const { startCoordinator } = await import('../../coordinator/coordinator.ts');
    const running = await startCoordinator(config);
    terminal.print(`ready http=${running.httpUrl} grpc=${running.grpcAddress}`);
    await signals.stopped;
    await running.stop();
    return ExitCode.OK;
  },
});
