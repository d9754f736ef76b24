import { createAsha } from './asha.ts';
import { createHyperband } from './hyperband.ts';
import { createMedianRule } from './median.ts';
import type { StoppingLimits, StoppingRule } from './rule.ts';
import { createSuccessiveHalving } from './successive-halving.ts';

interface MethodEntry {
  readonly title: string;
  readonly create: (limits: StoppingLimits) => StoppingRule;
}

/** Every method of early stopping: one file and one line here. */
const methods = {
  median: { title: 'stop what is below the median of the others', create: createMedianRule },
  asha: { title: 'asynchronous successive halving', create: createAsha },
  hyperband: { title: 'several brackets of asynchronous successive halving', create: createHyperband },
  successiveHalving: { title: 'synchronous successive halving', create: createSuccessiveHalving },
} as const satisfies Readonly<Record<string, MethodEntry>>;

export type StoppingMethod = keyof typeof methods;
export const stoppingMethods = Object.keys(methods) as readonly StoppingMethod[];

/** How the points of a task are stopped early. */
export interface StoppingPlan extends StoppingLimits {
  readonly method: StoppingMethod;
}

export function createStoppingRule({ method, ...limits }: StoppingPlan): StoppingRule {
  return methods[method].create(limits);
}

export function stoppingTitle(method: StoppingMethod): string {
  return methods[method].title;
}
