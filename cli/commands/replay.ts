import type { PointAnswer, SweepAnswer, TaskProgress, TaskSources } from '../../core/api.ts';
import { AbkdError } from '../../core/errors.ts';
import { searchVersion } from '../../core/search/record.ts';
import { type ReplayDifference, type ReplayReport, replaySearch } from '../../core/search/replay.ts';
import { specSchema } from '../../core/spec/schema.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import { groupBy } from '../../core/stats/group.ts';
import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { plural, shortId } from '../format.ts';
import { taskTitle } from '../progress.ts';

export const replay = defineCommand({
  name: 'replay',
  summary: 'compute every suggestion of a finished or running search again',
  details: [
    'Each point that an adaptive search suggested is stored with the seed of the search, the results that it had seen, and',
    'what its model believed; with the task, what it started from. From these every suggestion is computed again, here, and compared to the last bit. Ends with',
    'code 1 where one comes out differently: another version of the search made it, or the stored data were changed.',
  ],
  examples: [
    ['replay latest', 'one line per task'],
    ['replay 3f2a --json', 'one JSON document'],
  ],
  args: {
    id: { type: 'positional', required: true, description: 'sweep, or its unique beginning, or latest' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const id = await client.resolveSweep(args.id);
    const [sweep, points, sources] = await Promise.all([
      client.readSweep(id),
      client.listPoints(id),
      client.listSources(id),
    ]);
    const replays = replayTasks(sweep, points, sources);
    if (args.json) terminal.print(JSON.stringify({ sweep: id, searchVersion, tasks: replays.map(toJson) }, null, 2));
    else if (replays.length === 0) terminal.note(`Sweep ${shortId(id)} has no adaptive search: nothing to replay`);
    else for (const line of replays.flatMap(describe)) terminal.print(line);
    return replays.every(({ report }) => report.difference === null) ? ExitCode.OK : ExitCode.ERROR;
  },
});

interface TaskReplay {
  readonly task: TaskProgress;
  readonly report: ReplayReport;
}

function replayTasks(
  sweep: SweepAnswer,
  points: readonly PointAnswer[],
  sources: readonly TaskSources[],
): readonly TaskReplay[] {
  const spec = readSpec(sweep);
  const sourcesByTask = new Map(sources.map((task) => [task.taskId, task.sources]));
  const byTask = groupBy(points, ({ taskId }) => taskId);
  return sweep.tasks
    .filter(({ search }) => search !== null)
    .map((task) => {
      const recorded = (byTask.get(task.id) ?? []).map(({ suggestion, ...point }) => ({
        ...point,
        record: suggestion,
      }));
      const plan = { ...searchOfTask(spec, task.ordinal).plan, sources: sourcesByTask.get(task.id) ?? [] };
      return { task, report: replaySearch(plan, recorded) };
    });
}

function readSpec({ id, spec }: SweepAnswer) {
  const read = specSchema.safeParse(spec);
  if (read.success) return read.data;
  throw new AbkdError(
    'BAD_REQUEST',
    `Cannot replay sweep ${id}: its spec is not one of this version (${read.error.issues[0]?.message}), expected the version that ran it`,
  );
}

/** `mnist abkd: 20 of 20 suggestions reproduced`, and under it the first difference. */
function describe({ task, report }: TaskReplay): readonly string[] {
  const { suggestions, reproduced, difference } = report;
  const line = `${taskTitle(task)}: ${reproduced} of ${plural(suggestions, 'suggestion')} reproduced`;
  return difference === null ? [line] : [line, ...describeDifference(difference)];
}

function describeDifference({ ordinal, version, recorded, recomputed }: ReplayDifference): readonly string[] {
  const isSameCell = recorded.cell === recomputed?.cell;
  const again = recomputed === null ? 'no suggestion' : recomputed.cell;
  return [
    isSameCell
      ? `  point ${ordinal}: ${recorded.cell} for other reasons: recorded ${JSON.stringify(recorded.trace)}, recomputed ${JSON.stringify(recomputed?.trace)}`
      : `  point ${ordinal}: recorded ${recorded.cell}, recomputed ${again}`,
    ...(version === searchVersion
      ? []
      : [`  it was made by version ${version} of the search; this is ${searchVersion}`]),
  ];
}

function toJson({ task, report }: TaskReplay) {
  return { task: task.id, dataset: task.dataset, objective: task.objective, ...report };
}
