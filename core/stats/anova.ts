import { meanOf, sumOfSquares } from './estimate.ts';
import { fUpperTail } from './special.ts';

/** One-way analysis of variance of the selection value over the points with at least two seeds. */
export interface AnovaResult {
  readonly f: number;
  readonly dfBetween: number;
  readonly dfWithin: number;
  readonly p: number;
}

/**
 * One-way analysis of variance: do the groups have one common mean? Groups with fewer than two values are left out.
 * Null where fewer than two groups remain, or where no value differs from its group's mean: F is then not defined.
 */
export function oneWayAnova(groups: readonly (readonly number[])[]): AnovaResult | null {
  const usable = groups.filter((group) => group.length >= 2);
  if (usable.length < 2 || usable.every(isConstant)) return null;
  const grandMean = meanOf(usable.flat());
  const dfBetween = usable.length - 1;
  const dfWithin = usable.flat().length - usable.length;
  const between = usable.reduce((sum, group) => sum + group.length * (meanOf(group) - grandMean) ** 2, 0);
  const within = usable.reduce((sum, group) => sum + sumOfSquares(group, meanOf(group)), 0);
  const f = between / dfBetween / (within / dfWithin);
  return { f, dfBetween, dfWithin, p: fUpperTail(f, dfBetween, dfWithin) };
}

function isConstant(group: readonly number[]): boolean {
  return group.every((value) => value === group[0]);
}
