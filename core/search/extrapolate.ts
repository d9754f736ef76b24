import type { RungMean } from './record.ts';

/** What is known of a point: its value at the end, null where it has none, and at rungs, lowest first. */
interface PartialResult {
  readonly value: number | null;
  readonly rungs: readonly Pick<RungMean, 'epoch' | 'value'>[];
}

/**
 * What points would have come to in the end, as far as results tell: the value of a point that is there; of a point
 * that has only reached a rung, its value at the last one plus what other points gained from there on average.
 *
 * The gain from a rung is the mean difference between end and rung over the points that know both. Before the first of
 * them has ended it is put together from rung to rung, and beyond the last rung that anybody has reached it is 0: then
 * all values are compared as of that rung. Null stays where a point failed.
 */
export function expectedAtEnd(results: readonly PartialResult[]): readonly (number | null)[] {
  const gains = gainsByRung(results);
  return results.map(({ value, rungs }) => {
    const last = rungs.at(-1);
    if (value !== null || last === undefined || last.value === null) return value;
    return last.value + gains.get(last.epoch)!;
  });
}

function gainsByRung(results: readonly PartialResult[]): ReadonlyMap<number, number> {
  const epochs = [...new Set(results.flatMap(({ rungs }) => rungs.map(({ epoch }) => epoch)))];
  const gains = new Map<number, number>();
  let above: number | null = null;
  for (const epoch of epochs.sort((a, b) => b - a)) {
    const toEnd = meanGain(results, epoch, ({ value }) => value);
    const toNext = above === null ? 0 : (meanGain(results, epoch, (result) => valueAt(result, above!)) ?? 0);
    gains.set(epoch, toEnd ?? toNext + (above === null ? 0 : gains.get(above)!));
    above = epoch;
  }
  return gains;
}

/** Null where no result has both values. */
function meanGain(
  results: readonly PartialResult[],
  epoch: number,
  later: (result: PartialResult) => number | null,
): number | null {
  const gains = results.flatMap((result) => {
    const [before, after] = [valueAt(result, epoch), later(result)];
    return before === null || after === null ? [] : [after - before];
  });
  return gains.length === 0 ? null : gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

function valueAt({ rungs }: PartialResult, epoch: number): number | null {
  return rungs.find((at) => at.epoch === epoch)?.value ?? null;
}
