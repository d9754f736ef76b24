import type { StoppingPlan } from '../earlystop/registry.ts';
import type { TrialPlan } from '../plan.ts';
import { deriveSeed } from '../random.ts';
import type { SearchPlan } from '../search/plan.ts';
import { readConstraint } from '../space/constraint.ts';
import { canonicalJson } from './canonical.ts';
import { stoppingOf } from './early-stop.ts';
import { objectiveSpace } from './objective-space.ts';
import { resolveTeacher } from './recipe.ts';
import { replicatesOf } from './replicates.ts';
import type { SweepSpec, TaskSpec } from './schema.ts';

/** How a task of a sweep goes on after its submission. */
export interface TaskSearch {
  readonly plan: SearchPlan;
  /** Null where every trial runs to its end. */
  readonly stopping: StoppingPlan | null;
  /** The trial of a point under one replicate. */
  readonly trialOf: (replicate: Pick<TrialPlan, 'replicate' | 'purpose'>) => TrialPlan;
}

/**
 * The search of a task, from the sweep's checked spec.
 * @param ordinal place of the task in the sweep: all objectives of the first spec task, then of the second, ...
 */
export function searchOfTask(spec: SweepSpec, ordinal: number): TaskSearch {
  const { method, space, constraints, points, seed } = spec.search;
  const objective = spec.objectives[ordinal % spec.objectives.length]!;
  const task = spec.tasks[Math.floor(ordinal / spec.objectives.length)]!;
  return {
    plan: {
      method,
      space: objectiveSpace(objective, space, constraints.map(readConstraint)),
      seed,
      points: points ?? null,
      replicates: replicatesOf(spec.replicates),
      confirm: spec.confirm ?? null,
      stop: spec.search.stop ?? null,
    },
    stopping: stoppingOf(task, spec),
    trialOf: createTrialPlanner(task, spec),
  };
}

/**
 * Replicate k has one seed for every point and every objective of a dataset and pair (common random numbers): points
 * and baselines are compared under the same initial weights and order of images. Confirming trials have seeds of their own,
 * on which no choice depends.
 */
export function createTrialPlanner(task: TaskSpec, { search }: SweepSpec): TaskSearch['trialOf'] {
  const pair = canonicalJson([task.dataset, task.protocol, resolveTeacher(task), task.student]);
  const labels = { SEARCH: 'training', CONFIRM: 'confirmation' } as const;
  return ({ replicate, purpose }) => ({
    ...{ replicate, purpose },
    seed: deriveSeed(labels[purpose], search.seed, pair, replicate),
  });
}

/** The first so many trials of a point. */
export function planTrials(count: number, trialOf: TaskSearch['trialOf']): readonly TrialPlan[] {
  return Array.from({ length: count }, (_, replicate) => trialOf({ replicate, purpose: 'SEARCH' }));
}
