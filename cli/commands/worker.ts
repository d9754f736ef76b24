import { defineCommand, ExitCode, readWhole } from '../command.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { surviveClosedPipes } from '../terminal.ts';

const name = 'worker';

export const worker = defineCommand({
  name,
  summary: 'run trials on this host for a coordinator',
  details: [
    'Dials out to the coordinator, so it may sit behind NAT; dials again whenever the connection is lost.',
    'Ctrl-C hands running trials back to the queue; a second Ctrl-C ends at once, and their leases run out.',
    'Logs JSON lines to standard error (ABKD_LOG_LEVEL).',
  ],
  examples: [
    ['worker --coordinator gpu-head:50051', 'one trial at a time'],
    ['worker --coordinator a:50051,b:50051 --slots 4', 'four at a time, for whichever coordinator answers'],
  ],
  args: {
    coordinator: {
      type: 'string',
      valueHint: 'HOST:PORT',
      description: 'one or several, separated by commas (ABKD_COORDINATOR, default 127.0.0.1:50051)',
    },
    slots: { type: 'string', valueHint: 'N', description: 'trials at once, 1 to 1024 (ABKD_SLOTS, default 1)' },
    name: { type: 'string', valueHint: 'NAME', description: 'name for people (ABKD_WORKER_NAME, default HOST#PID)' },
    'data-dir': {
      type: 'string',
      valueHint: 'DIR',
      description: 'datasets, a folder each (ABKD_DATA_DIR, default ./data)',
    },
  },
  run: async ({ args }) => {
    const { startWorker } = await import('../../worker/main.ts');
    const options = {
      coordinator: args.coordinator,
      slots: readWhole(name, 'slots', args.slots, { min: 1, max: 1024 }),
      name: args.name,
      dataDir: args['data-dir'],
    };
    surviveClosedPipes();
    const signals = catchStopSignals();
    signals.hasten.addEventListener('abort', () => process.exit(ExitCode.INTERRUPTED));
    const running = startWorker(options);
    signals.stop.addEventListener('abort', () => running.stop());
    await running.done;
    return ExitCode.OK;
  },
});
