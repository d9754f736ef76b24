import { groupBy } from '../stats/group.ts';
import { decideByHalving } from './halving.ts';
import type { StopDecision, StoppingLimits, StoppingRule } from './rule.ts';
import { rungsBelow } from './rungs.ts';

/**
 * Hyperband: several brackets of successive halving, of which each gives its points more epochs than the one before
 * until the first rung, the last all of them: a hedge against early epochs that mislead. Points come to brackets in turn
 * by their ordinals, in the proportions of the paper; each bracket is decided by itself and asynchronously, like ASHA,
 * so that all of them run at once.
 *
 * @see Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", JMLR 18, 2018
 */
export function createHyperband(limits: StoppingLimits): StoppingRule {
  const rungs = rungsBelow(limits);
  const bracketOf = createBrackets(rungs.length, limits.reduction);
  return {
    rungsOf: (ordinal) => rungs.slice(bracketOf(ordinal)),
    decide: ({ points, toCome }) => {
      const brackets = groupBy(points, ({ ordinal }) => bracketOf(ordinal));
      const decisions = [...brackets].flatMap(([bracket, members]) =>
        decideByHalving(
          { points: members, toCome: toCome.filter((ordinal) => bracketOf(ordinal) === bracket) },
          limits,
          { early: true },
        ),
      );
      return decisions.sort(byOrdinal);
    },
  };
}

/**
 * The bracket of each ordinal, 0 to the number of rungs: bracket b has its first halving at rung b. With s halvings it
 * gets (rungs + 1) / (s + 1) x reduction^s points out of the sum over all brackets. Each point goes to the bracket that
 * has the fewest for its weight, so that at any time the proportions are as near as they can be.
 */
function createBrackets(rungs: number, reduction: number): (ordinal: number) => number {
  const weights = Array.from({ length: rungs + 1 }, (_, bracket) => {
    const halvings = rungs - bracket;
    return Math.ceil(((rungs + 1) / (halvings + 1)) * reduction ** halvings);
  });
  const given = weights.map(() => 0);
  const known: number[] = [];
  const fill = (bracket: number) => (given[bracket]! + 0.5) / weights[bracket]!;
  return (ordinal) => {
    while (known.length <= ordinal) {
      const next = weights.reduce((least, _, bracket) => (fill(bracket) < fill(least) ? bracket : least), 0);
      given[next]! += 1;
      known.push(next);
    }
    return known[ordinal]!;
  };
}

function byOrdinal(a: StopDecision, b: StopDecision): number {
  return a.ordinal - b.ordinal;
}
