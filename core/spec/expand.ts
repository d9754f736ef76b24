import { withDefaults } from '../catalog/objectives.ts';
import { createStoppingRule, type StoppingPlan } from '../earlystop/registry.ts';
import { nextRung } from '../earlystop/rungs.ts';
import { isDistilling } from '../objective.ts';
import type { SweepPlan, TaskPlan } from '../plan.ts';
import { deriveSeed } from '../random.ts';
import { mostPoints, trialBudget } from '../search/budget.ts';
import { countConfirming, isWorthConfirming } from '../search/confirmation.ts';
import type { Suggestion } from '../search/strategy.ts';
import { type LinearConstraint, readConstraint } from '../space/constraint.ts';
import { isLandmarkSource } from '../space/geometry.ts';
import { countFeasible, type Space } from '../space/space.ts';
import type { TaskDefinition } from '../task.ts';
import { stoppingOf } from './early-stop.ts';
import { comparisonKeyOf, fingerprintOf } from './fingerprint.ts';
import { landmarksOf } from './landmarks.ts';
import { isSearchedAdaptively, objectiveSpace, searchedNames, suggestPoints } from './objective-space.ts';
import { mergePoints, type PlannedPoint } from './points.ts';
import { resolveTeacher, resolveTraining } from './recipe.ts';
import { replicatesOf } from './replicates.ts';
import type { ObjectiveSpec, SweepSpec, TaskSpec } from './schema.ts';
import { createTrialPlanner, planTrials } from './task-search.ts';
import { describeTeacherOutputSize } from './teacher-output-size.ts';

/**
 * Everything that a checked spec will do: one task per spec task and objective, in this order (all objectives of the
 * first task, then of the second), with points, trials and seeds. The same spec gives the same plan. Of a search whose
 * results decide what is tried next, only the landmarks are known yet.
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
  /** Points that are known before the first result. */
  readonly suggestions: readonly Suggestion[];
  readonly isAdaptive: boolean;
  /** Cells from which the strategy can choose; infinite where they are too many to be listed. */
  readonly cells: number;
}

function searchOf(
  objective: ObjectiveSpec,
  { search }: SweepSpec,
  constraints: readonly LinearConstraint[],
): ObjectiveSearch {
  const space = objectiveSpace(objective, search.space, constraints);
  const isAdaptive = isSearchedAdaptively(space, search);
  return {
    objective,
    space,
    searched: searchedNames(objective, search.space),
    suggestions: isAdaptive ? [] : suggestPoints(space, search),
    isAdaptive,
    cells: isAdaptive ? countFeasible(space) : 0,
  };
}

function expandTask(ordinal: number, task: TaskSpec, search: ObjectiveSearch, spec: SweepSpec): TaskPlan {
  const { objective, space, searched, suggestions, isAdaptive } = search;
  const definition = defineTask(task, objective, spec);
  const landmarks = objective.kind === 'abkd' ? landmarksOf(definition, spec.search.include) : noLandmarks;
  const source = space.axes.length === 0 ? 'baseline' : spec.search.method;
  const points = mergePoints({ space, suggestions, source, definition, landmarks: landmarks.found });
  const { min, max } = replicatesOf(spec.replicates);
  // Where there is nothing to decide, what the best point is compared with is known as well as that can be.
  const trials = planTrials(isAdaptive ? min : max, createTrialPlanner(task, spec));
  const later = isAdaptive ? pointsToCome(search, points, spec) : 0;
  const confirming = countConfirmingTrials(points, later, spec);
  const firstRung = firstRungs(stoppingOf(task, spec), points.length + later);
  return {
    ordinal,
    definition,
    fingerprint: fingerprintOf(definition, searched),
    comparisonKey: comparisonKeyOf(definition, searched),
    searchState: isAdaptive || confirming > 0 ? 'OPEN' : 'PLANNED',
    plannedPoints: points.length + later,
    plannedTrials: points.length * trials.length + (isAdaptive ? trialsToCome(points, later, spec) : 0) + confirming,
    points: points.map((point, place) => ({ ordinal: place, ...point, firstRung: firstRung(point, place), trials })),
    warnings: [
      ...fewerThanAsked(suggestions.length + later, search, definition, spec),
      ...landmarks.warnings,
      ...[describeTeacherOutputSize(definition, max + (spec.confirm?.seeds ?? 0))].filter(
        (warning) => warning !== null,
      ),
    ],
  };
}

/**
 * Where early stopping first pauses a point. Landmarks are never stopped: all points are compared with them. Nor is the
 * only point of a task, a baseline.
 */
function firstRungs(stopping: StoppingPlan | null, plannedPoints: number) {
  if (stopping === null || plannedPoints === 1) return () => null;
  const rule = createStoppingRule(stopping);
  return ({ sources }: PlannedPoint, ordinal: number) =>
    sources.some(isLandmarkSource) ? null : nextRung(rule, ordinal);
}

const noLandmarks: ReturnType<typeof landmarksOf> = { found: [], warnings: [] };

/** Points that an adaptive search will choose, at most: it does not choose landmarks again. */
function pointsToCome(
  { cells }: ObjectiveSearch,
  landmarks: readonly PlannedPoint[],
  { search, replicates }: SweepSpec,
): number {
  const left = cells - countInSpace(landmarks);
  return search.points === undefined ? left : Math.min(mostPoints(search.points, replicatesOf(replicates)), left);
}

/** Trials that an adaptive search will order: its budget, unless all cells have all their seeds before that is spent. */
function trialsToCome(landmarks: readonly PlannedPoint[], later: number, spec: SweepSpec): number {
  const { min, max } = replicatesOf(spec.replicates);
  const room = later * max + countInSpace(landmarks) * (max - min);
  return Math.min(trialBudget(spec.search.points ?? later, { min, max }), room);
}

function countConfirmingTrials(points: readonly PlannedPoint[], later: number, { confirm }: SweepSpec): number {
  const candidates = countInSpace(points) + later;
  return confirm !== undefined && isWorthConfirming(candidates) ? countConfirming(confirm, candidates) : 0;
}

function countInSpace(points: readonly PlannedPoint[]): number {
  return points.filter(({ inSpace }) => inSpace).length;
}

function fewerThanAsked(
  found: number,
  search: ObjectiveSearch,
  definition: TaskDefinition,
  spec: SweepSpec,
): readonly string[] {
  const { points } = spec.search;
  if (search.space.axes.length === 0 || points === undefined || found >= points) return [];
  return [`${label(definition)}: search.points is ${points}, but only ${found} cells were found`];
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
