import type { JudgedPoint, StoppingLimits, StoppingRule, StopRequest } from './rule.ts';
import { rungsBelow } from './rungs.ts';

/**
 * The median rule: a point stops at a rung where its mean over all epochs so far is below the median of the same means
 * of the other points that have reached the rung. While fewer than `minPoints` others have, nobody is stopped there.
 * Nobody ever waits. Means over epochs, and not the last values, so that one epoch that jumps up or down decides little.
 *
 * @see Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017, section 3.2
 */
export function createMedianRule(limits: StoppingLimits): StoppingRule {
  const rungs = rungsBelow(limits);
  return {
    rungsOf: () => rungs,
    decide: ({ points }) =>
      points
        .filter(({ state }) => state === 'waiting')
        .map((point) => ({
          ordinal: point.ordinal,
          decision: isBelowMedian(point, points, limits.minPoints) ? 'stop' : 'goOn',
        })),
  };
}

function isBelowMedian(point: JudgedPoint, points: StopRequest['points'], minPoints: number): boolean {
  const { epoch, mean } = point.reached.at(-1)!;
  const others = points
    .filter((other) => other !== point)
    .flatMap(({ reached }) =>
      reached.filter((at) => at.epoch === epoch).map((at) => at.mean ?? Number.NEGATIVE_INFINITY),
    );
  return others.length >= minPoints && (mean ?? Number.NEGATIVE_INFINITY) < medianOf(others);
}

/** Of an even number the lower of the two in the middle: who equals half of the others is not below them. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;
}
