import { withDefaults } from '../catalog/objectives.ts';
import { isDistilling } from '../objective.ts';
import type { SweepPlan, TaskPlan, TrialPlan } from '../plan.ts';
import { deriveSeed } from '../random.ts';
import type { Suggestion } from '../search/strategy.ts';
import { type LinearConstraint, readConstraint } from '../space/constraint.ts';
import type { Space } from '../space/space.ts';
import type { TaskDefinition } from '../task.ts';
import { canonicalJson } from './canonical.ts';
import { comparisonKeyOf, fingerprintOf } from './fingerprint.ts';
import { landmarksOf } from './landmarks.ts';
import { objectiveSpace, searchedNames, suggestPoints } from './objective-space.ts';
import { mergePoints } from './points.ts';
import { resolveTeacher, resolveTraining } from './recipe.ts';
import type { ObjectiveSpec, SweepSpec, TaskSpec } from './schema.ts';
import { describeTeacherOutputSize } from './teacher-output-size.ts';

/**
 * Everything that a checked spec will do: one task per spec task and objective, in this order (all objectives of the
 * first task, then of the second), with points, trials and seeds. The same spec gives the same plan.
 */
export function expandSpec(spec: SweepSpec): SweepPlan {
  const constraints = spec.search.constraints.map(readConstraint);
  const searches = spec.objectives.map((objective) => searchOf(objective, spec, constraints));
  const tasks = spec.tasks
    .flatMap((task) => searches.map((search) => ({ task, search })))
    .map(({ task, search }, ordinal) => expandTask(ordinal, task, search, spec));
  return {
    name: spec.name,
    spec,
    priority: spec.limits.priority,
    maxParallel: spec.limits.maxParallel,
    retries: spec.limits.retries,
    timeoutMs: Math.round(spec.limits.timeoutMinutes * 60_000),
    tasks,
    warnings: [...new Set([...sweepWarnings(spec), ...tasks.flatMap((task) => task.warnings)])],
  };
}

/** What an objective searches, the same for every task. */
interface ObjectiveSearch {
  readonly objective: ObjectiveSpec;
  readonly space: Space;
  readonly searched: readonly string[];
  readonly suggestions: readonly Suggestion[];
}

function searchOf(
  objective: ObjectiveSpec,
  { search }: SweepSpec,
  constraints: readonly LinearConstraint[],
): ObjectiveSearch {
  const space = objectiveSpace(objective, search.space, constraints);
  const { method, points, seed } = search;
  return {
    objective,
    space,
    searched: searchedNames(objective, search.space),
    suggestions: suggestPoints(space, { method, points, seed }),
  };
}

function expandTask(ordinal: number, task: TaskSpec, search: ObjectiveSearch, spec: SweepSpec): TaskPlan {
  const { objective, space, searched, suggestions } = search;
  const definition = defineTask(task, objective, spec);
  const landmarks = objective.kind === 'abkd' ? landmarksOf(definition, spec.search.include) : noLandmarks;
  const source = space.axes.length === 0 ? 'baseline' : spec.search.method;
  const points = mergePoints({ space, suggestions, source, definition, landmarks: landmarks.found });
  const trials = planTrials(task, spec);
  return {
    ordinal,
    definition,
    fingerprint: fingerprintOf(definition, searched),
    comparisonKey: comparisonKeyOf(definition, searched),
    points: points.map((point, place) => ({ ordinal: place, ...point, trials })),
    warnings: [
      ...fewerThanAsked(search, definition, spec),
      ...landmarks.warnings,
      ...[describeTeacherOutputSize(definition, spec.replicates)].filter((warning) => warning !== null),
    ],
  };
}

const noLandmarks: ReturnType<typeof landmarksOf> = { found: [], warnings: [] };

function fewerThanAsked(search: ObjectiveSearch, definition: TaskDefinition, spec: SweepSpec): readonly string[] {
  const { points } = spec.search;
  const found = search.suggestions.length;
  if (search.space.axes.length === 0 || points === undefined || found >= points) return [];
  return [`${label(definition)}: search.points is ${points}, but only ${found} cells were found`];
}

/**
 * Replicate k has one seed for every point and every objective of a dataset and pair (common random numbers): points
 * and baselines are compared under the same initial weights and order of images.
 */
function planTrials(task: TaskSpec, spec: SweepSpec): readonly TrialPlan[] {
  const pair = canonicalJson([task.dataset, task.protocol, resolveTeacher(task), task.student]);
  return Array.from({ length: spec.replicates }, (_, replicate) => ({
    replicate,
    seed: deriveSeed('training', spec.search.seed, pair, replicate),
  }));
}

function defineTask(task: TaskSpec, objective: ObjectiveSpec, spec: SweepSpec): TaskDefinition {
  return {
    dataset: task.dataset,
    protocol: task.protocol,
    teacher: isDistilling(objective) ? resolveTeacher(task) : null,
    student: { ...task.student, weights: task.student.weights ?? null },
    objective: withDefaults(objective),
    metric: spec.metric,
    selectOn: spec.selectOn,
    checkpoint: spec.checkpoint,
    training: resolveTraining(task, spec.training),
    run: spec.run,
    splitSeed: deriveSeed('split', spec.search.seed, task.dataset),
  };
}

function sweepWarnings(spec: SweepSpec): readonly string[] {
  return spec.selectOn === 'test' ? ['Points are selected on the test part: reported test values are optimistic'] : [];
}

function label(definition: TaskDefinition): string {
  return `${definition.dataset}, ${definition.teacher?.model ?? 'no teacher'} to ${definition.student.model}, ${definition.objective.kind}`;
}
