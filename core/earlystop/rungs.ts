import type { StoppingLimits } from './rule.ts';

/** minEpochs, minEpochs x reduction, minEpochs x reduction^2, ... below the end of the training. */
export function rungsBelow({ epochs, minEpochs, reduction }: StoppingLimits): readonly number[] {
  const rungs: number[] = [];
  for (let rung = minEpochs; rung < epochs; rung *= reduction) rungs.push(rung);
  return rungs;
}

/** The rung after an epoch; null = from there it goes to its end. @param after 0 = before the first */
export function nextRung(rungs: readonly number[], after: number): number | null {
  return rungs.find((rung) => rung > after) ?? null;
}
