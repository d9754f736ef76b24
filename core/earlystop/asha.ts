import { decideByHalving } from './halving.ts';
import type { StoppingLimits, StoppingRule } from './rule.ts';
import { rungsBelow } from './rungs.ts';

/**
 * Asynchronous successive halving: a point goes on from a rung as soon as it is among the best 1 / reduction of those
 * that have reached it; nobody waits for a slow one. It may be that the first to come go on and turn out to be
 * mediocre, which costs some epochs.
 *
 * Points that wait hold no slot: slots go to points that have not reached a rung yet. Where none of those are left,
 * slots stay idle rather than train points that will most likely be stopped.
 *
 * @see Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020, algorithm 2
 */
export function createAsha(limits: StoppingLimits): StoppingRule {
  const rungs = rungsBelow(limits);
  return {
    rungsOf: () => rungs,
    decide: (request) => decideByHalving(request, limits, { early: true }),
  };
}
