import type { RerunAnswer } from '../../core/api/sweep.ts';
import type { RerunKind } from '../../core/sweep.ts';
import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode, usageError } from '../command.ts';
import { plural, shortId } from '../format.ts';

export const rerun = defineCommand({
  name: 'rerun',
  summary: 'run what failed or is missing of a sweep, and nothing else',
  details: [
    '--failed queues the trials that FAILED once more, with all their retries, also while the sweep still runs.',
    '--missing completes a sweep that was cancelled: its CANCELLED trials, and the points that its search did not come to.',
    'What succeeded stays and is not run again; every cell keeps its seeds. The sweep goes on under its own id.',
  ],
  examples: [
    ['rerun latest --failed', 'after the disk that was full has been cleared'],
    ['rerun 3f2a --missing', 'go on where `cancel` stopped'],
  ],
  args: {
    id: { type: 'positional', required: true, description: 'sweep, or its unique beginning, or latest' },
    failed: { type: 'boolean', description: 'trials that failed' },
    missing: { type: 'boolean', description: 'trials that were cancelled or never suggested' },
    json: { type: 'boolean', description: 'print what was queued as one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const which = readKind(args.failed, args.missing);
    const client = await findCoordinator(config);
    const answer = await client.rerunSweep(await client.resolveSweep(args.id), which);
    if (args.json) terminal.print(JSON.stringify(answer, null, 2));
    else {
      for (const line of describe(answer)) terminal.print(line);
      terminal.note(`Follow it with \`${config.program} watch ${shortId(answer.id)}\``);
    }
    return ExitCode.OK;
  },
});

function readKind(failed = false, missing = false): RerunKind {
  if (failed && missing) throw usageError('rerun', 'both --failed and --missing given, expected one of them');
  if (!failed && !missing) throw usageError('rerun', '--failed or --missing is missing');
  return failed ? 'failed' : 'missing';
}

/** `12 failed trials queued again`; with several tasks, how many of each. */
function describe({ which, trials, points, tasks }: RerunAnswer): readonly string[] {
  const kind = which === 'failed' ? 'failed' : 'cancelled';
  const partsOf = (of: { readonly trials: number; readonly points: number }) => [
    ...(of.trials > 0 ? [`${plural(of.trials, `${kind} trial`)} queued again`] : []),
    ...(of.points > 0 ? [`${plural(of.points, 'point')} still to be suggested`] : []),
  ];
  const all = partsOf({ trials, points });
  return [
    // A search that had only to confirm its best points queues them once it is taken up.
    all.length === 0 ? 'the search goes on' : all.join(', '),
    ...(tasks.length > 1
      ? tasks.map((task) => `  ${task.dataset} ${task.objective}: ${partsOf(task).join(', ')}`)
      : []),
  ];
}
