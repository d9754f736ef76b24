import type { StoppingPlan } from '../earlystop/registry.ts';
import { resolveTraining } from './recipe.ts';
import type { SweepSpec, TaskSpec } from './schema.ts';

/** How the points of a task are stopped early; null where they are not. */
export function stoppingOf(task: TaskSpec, spec: SweepSpec): StoppingPlan | null {
  const { earlyStop } = spec;
  if (earlyStop === undefined || earlyStop.method === 'none') return null;
  return { minPoints: 0, ...earlyStop, epochs: epochsOf(task, spec) };
}

/** Epochs of a trial; those of a noop run are its steps. */
export function epochsOf(task: TaskSpec, { run, training }: Pick<SweepSpec, 'run' | 'training'>): number {
  return run.kind === 'noop' ? run.steps : resolveTraining(task, training).epochs;
}
