import type { StoppingLimits, StoppingRule } from './rule.ts';

/** minEpochs, minEpochs x reduction, minEpochs x reduction^2, ... below the end of the training. */
export function rungsBelow({ epochs, minEpochs, reduction }: StoppingLimits): readonly number[] {
  const rungs: number[] = [];
  for (let rung = minEpochs; rung < epochs; rung *= reduction) rungs.push(rung);
  return rungs;
}

/**
 * Where a point pauses next; null = it goes to its end.
 * @param rule null = none, nothing is stopped early
 * @param after epochs that are done, 0 = before the first
 */
export function nextRung(rule: Pick<StoppingRule, 'rungsOf'> | null, ordinal: number, after = 0): number | null {
  return rule?.rungsOf(ordinal).find((rung) => rung > after) ?? null;
}
