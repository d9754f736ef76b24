import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { renderSummary } from '../summary-text.ts';

export const best = defineCommand({
  name: 'best',
  summary: 'best α/β per dataset, pair and objective, beside landmarks and baselines',
  details: [
    'Values are means over seeds ± one standard error (n seeds), in the unit of the metric (top1: percent). The best point',
    'is chosen by the selection value (validation part); the test value stands beside it and had no part in the choice.',
    'Leads over landmarks are means over the seeds that both have. Points that the spec had confirmed are ranked first, and',
    'their values are over fresh seeds, beside what the search saw of them.',
  ],
  examples: [
    ['best', 'everything that was run'],
    ['best --dataset eurosat --objective abkd', 'some of it; baselines stay beside it'],
    ['best --sweep latest --json', 'one JSON document, as GET /api/v1/summary gives it'],
  ],
  args: {
    dataset: { type: 'string', valueHint: 'NAME', description: 'only this dataset' },
    student: { type: 'string', valueHint: 'MODEL', description: 'only this student' },
    teacher: { type: 'string', valueHint: 'MODEL', description: 'only this teacher' },
    objective: { type: 'string', valueHint: 'KIND', description: 'only this objective: abkd, kd, dkd, ...' },
    sweep: { type: 'string', valueHint: 'ID', description: 'only this sweep: its id, the unique beginning, or latest' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const { dataset, student, objective } = args;
    const query = {
      dataset,
      student,
      teacher: args.teacher,
      sweep: args.sweep === undefined ? undefined : await client.resolveSweep(args.sweep),
    };
    if (args.json) {
      terminal.print(JSON.stringify(await client.readSummary({ ...query, objective }), null, 2));
      return ExitCode.OK;
    }
    const lines = renderSummary(await client.readSummary(query), terminal, objective);
    if (lines.length === 0) terminal.note('No results yet: nothing that matches was submitted');
    else terminal.print(lines.join('\n'));
    return ExitCode.OK;
  },
});
