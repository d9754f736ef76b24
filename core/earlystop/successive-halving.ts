import { decideByHalving } from './halving.ts';
import type { StoppingLimits, StoppingRule } from './rule.ts';
import { rungsBelow } from './rungs.ts';

/**
 * Synchronous successive halving: points go on from a rung when all have reached it or ended, exactly the best
 * 1 / reduction of them. No epoch is spent on a point that is not among them, but a slow trial holds up everybody.
 *
 * @see Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016
 */
export function createSuccessiveHalving(limits: StoppingLimits): StoppingRule {
  const rungs = rungsBelow(limits);
  return {
    rungsOf: () => rungs,
    decide: (request) => decideByHalving(request, limits, { early: false }),
  };
}
