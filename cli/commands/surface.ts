import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { renderSurface } from '../surface-text.ts';

export const surface = defineCommand({
  name: 'surface',
  summary: 'where the optimum lies, and how sure that is: a map of the (α, β) plane',
  details: [
    'A model of the surface (a Gaussian process) is fitted to all results of one task so far, whatever the search method. The',
    'map shows its mean, α to the right and β upwards: 0 is the least and 9 the greatest value shown. Under it: the point to',
    'take, the region that holds the optimum with 90 % probability, how likely each tried cell is the best of them, and the',
    'lead over the landmarks and over the line α+β=1. docs/statistics.md says how each number is computed.',
  ],
  examples: [
    ['surface latest', 'of a sweep with one task'],
    ['surface 3f2a --task 1', 'of its second task; `status 3f2a` lists them in order'],
    ['surface 3f2a --json', 'one JSON document, as GET /api/v1/sweeps/ID/surface gives it'],
  ],
  args: {
    id: { type: 'positional', required: true, description: 'sweep, or its unique beginning, or latest' },
    task: { type: 'string', valueHint: 'N', description: 'task of the sweep: its place, from 0, or its id' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const answer = await client.readSurface(await client.resolveSweep(args.id), args.task);
    terminal.print(args.json ? JSON.stringify(answer, null, 2) : renderSurface(answer, terminal).join('\n'));
    return ExitCode.OK;
  },
});
