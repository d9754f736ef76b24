import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { plural } from '../format.ts';

export const cancel = defineCommand({
  name: 'cancel',
  summary: 'stop a sweep',
  details: [
    'Queued trials are CANCELLED at once; running ones are told to stop and end within seconds. What succeeded stays.',
  ],
  examples: [
    ['cancel 3f2a', 'an id may be shortened to its unique beginning'],
    ['cancel latest', 'the newest sweep'],
  ],
  args: {
    id: { type: 'positional', required: true, description: 'sweep, or its unique beginning, or latest' },
    json: { type: 'boolean', description: 'print the sweep as one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const id = await client.resolveSweep(args.id);
    await client.cancelSweep(id);
    const sweep = await client.readSweep(id);
    if (args.json) terminal.print(JSON.stringify(sweep, null, 2));
    else {
      const { SUCCEEDED, RUNNING, CANCELLED } = sweep.trials;
      const stopping = RUNNING > 0 ? `, ${RUNNING} being stopped` : '';
      terminal.print(
        `${sweep.name}: ${sweep.state}; ${plural(CANCELLED, 'trial')} cancelled${stopping}, ${SUCCEEDED} had succeeded`,
      );
    }
    return ExitCode.OK;
  },
});
