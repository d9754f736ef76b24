import { findCoordinator } from '../address.ts';
import { defineCommand } from '../command.ts';
import { watchToEnd } from '../watch-sweep.ts';

export const watch = defineCommand({
  name: 'watch',
  summary: 'follow a sweep until it ends',
  details: [
    'In a terminal a bar for the sweep and one per task, with the best point so far (mean ± standard error, number of',
    'seeds); piped, a line at every twentieth. Ends with code 3 where the sweep ends FAILED or CANCELLED.',
  ],
  examples: [
    ['watch 3f2a', 'an id may be shortened to its unique beginning'],
    ['watch latest | tee sweep.log', 'plain lines'],
    ['watch latest --json', 'waits, then prints the finished sweep as one JSON document'],
  ],
  args: {
    id: { type: 'positional', required: true, description: 'sweep, or its unique beginning, or latest' },
    json: { type: 'boolean', description: 'print one JSON document at the end' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const id = await client.resolveSweep(args.id);
    return watchToEnd(client, id, { terminal, config, json: args.json === true });
  },
});
