import type { PointAnswer, StepAnswer, SweepAnswer, TaskProgress, TaskSources } from '../../core/api/sweep.ts';
import { AbkdError } from '../../core/errors.ts';
import { searchVersion } from '../../core/search/record.ts';
import {
  type ReplayDifference,
  type ReplayedDecision,
  type ReplayReport,
  replaySearch,
} from '../../core/search/replay.ts';
import { specSchema } from '../../core/spec/schema.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import { groupBy } from '../../core/stats/group.ts';
import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { plural, shortId } from '../format.ts';
import { taskTitle } from '../progress.ts';

export const replay = defineCommand({
  name: 'replay',
  summary: 'compute every decision of a finished or running search again',
  details: [
    'Each step of a search (points suggested, further seeds, the reason to stop, points to confirm) is stored with the seed',
    'of the search, the results that it had seen, and what its model believed; with the task, what it started from. From',
    'these every step is computed again, here, and compared to the last bit. Ends with code 1 where one comes out',
    'differently: another version of the search made it, or the stored data were changed.',
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
    // Steps first: the points are then at least as new.
    const [sweep, steps, sources] = await Promise.all([
      client.readSweep(id),
      client.listSteps(id),
      client.listSources(id),
    ]);
    const replays = replayTasks(sweep, { steps, points: await client.listPoints(id), sources });
    if (args.json) terminal.print(JSON.stringify({ sweep: id, searchVersion, tasks: replays.map(toJson) }, null, 2));
    else if (replays.length === 0)
      terminal.note(`Sweep ${shortId(id)} has no search that decides by results: nothing to replay`);
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
  recorded: {
    readonly steps: readonly StepAnswer[];
    readonly points: readonly PointAnswer[];
    readonly sources: readonly TaskSources[];
  },
): readonly TaskReplay[] {
  const spec = readSpec(sweep);
  const stepsByTask = groupBy(recorded.steps, ({ taskId }) => taskId);
  const pointsByTask = groupBy(recorded.points, ({ taskId }) => taskId);
  const sourcesByTask = new Map(recorded.sources.map((task) => [task.taskId, task.sources]));
  return sweep.tasks
    .filter(({ search }) => search !== null)
    .map((task) => {
      const plan = { ...searchOfTask(spec, task.ordinal).plan, sources: sourcesByTask.get(task.id) ?? [] };
      const searched = (pointsByTask.get(task.id) ?? []).map((point) => ({
        ...point,
        isChosen: point.sources.includes(plan.method),
      }));
      const records = (stepsByTask.get(task.id) ?? []).map(({ record }) => record);
      return { task, report: replaySearch(plan, searched, records) };
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

/** `mnist abkd: 20 of 20 suggestions, 12 of 12 steps reproduced`, and under it the first difference. */
function describe({ task, report }: TaskReplay): readonly string[] {
  const { suggestions, steps, reproduced, difference } = report;
  const parts = [
    ...(suggestions.made === 0 ? [] : [`${suggestions.reproduced} of ${plural(suggestions.made, 'suggestion')}`]),
    `${reproduced} of ${plural(steps, 'step')}`,
  ];
  const line = `${taskTitle(task)}: ${parts.join(', ')} reproduced`;
  return difference === null ? [line] : [line, ...describeDifference(difference)];
}

function describeDifference({ step, version, recorded, recomputed }: ReplayDifference): readonly string[] {
  return [
    `  step ${step}: ${firstDifference(recorded, recomputed)}`,
    ...(version === searchVersion
      ? []
      : [`  it was made by version ${version} of the search; this is ${searchVersion}`]),
  ];
}

/** The first thing that two decisions differ in, as short as can be. */
function firstDifference(recorded: ReplayedDecision, recomputed: ReplayedDecision | null): string {
  if (recomputed === null) return `recorded ${JSON.stringify(recorded)}, recomputed nothing to do`;
  const cells = [recorded, recomputed].map(({ points }) => points.map(({ cell }) => cell).join(', ') || 'no point');
  if (cells[0] !== cells[1]) return `recorded ${cells[0]}, recomputed ${cells[1]}`;
  const fields = ['points', 'trials', 'stop', 'isFinished'] as const;
  const field = fields.find((name) => JSON.stringify(recorded[name]) !== JSON.stringify(recomputed[name])) ?? 'points';
  return `${field}: recorded ${JSON.stringify(recorded[field])}, recomputed ${JSON.stringify(recomputed[field])}`;
}

function toJson({ task, report }: TaskReplay) {
  return { task: task.id, dataset: task.dataset, objective: task.objective, ...report };
}
