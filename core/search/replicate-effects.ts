/**
 * What a replicate adds to every point that ran under its seed: the luck of initial weights and order of images that all
 * of them share. Where every point has the same replicates it cancels out; where a search gave some points more seeds than
 * others it would be taken for a difference between points.
 */
import { meanOf } from '../stats/estimate.ts';
import { quantile } from '../stats/quantile.ts';
import type { TrialValues } from './record.ts';

/**
 * Variance of a seed's own effect on a trial over that of what the seed adds to all points, where too few trials tell. An
 * effect that few points speak of is taken that much smaller than it looks, as a best linear prediction would.
 */
const ownOverShared = 2;
const sweeps = 20;
/** Median absolute deviation of a normal, in standard deviations. */
const normalDeviation = 0.6745;

/** What points gave, the mean over their trials that succeeded, without the effects of replicates; null where none did. */
export function meansWithoutReplicateEffects(results: readonly TrialValues[]): readonly (number | null)[] {
  const rows = results.map(succeeded);
  const effects = replicateEffects(rows);
  return rows.map((row) =>
    row.length === 0 ? null : meanOf(row.map(([replicate, value]) => value - (effects.get(replicate) ?? 0))),
  );
}

/** Number of trials that succeeded. */
export function countSucceeded(values: TrialValues): number {
  return succeeded(values).length;
}

type Row = readonly (readonly [replicate: number, value: number])[];

function succeeded(values: TrialValues): Row {
  return Object.entries(values).flatMap(([replicate, value]) =>
    value === null ? [] : [[Number(replicate), value] as const],
  );
}

/**
 * By median polish, value = point + replicate + rest, over the points with more than one replicate: a trial that did not
 * learn at all moves no effect. Empty where all points have the same replicates.
 * @see Tukey, "Exploratory Data Analysis", 1977, chapter 11
 */
function replicateEffects(rows: readonly Row[]): ReadonlyMap<number, number> {
  const sets = new Set(rows.filter((row) => row.length > 0).map((row) => row.map(([replicate]) => replicate).join()));
  const telling = rows.filter((row) => row.length > 1);
  if (sets.size < 2 || telling.length === 0) return new Map();
  const replicates = [...new Set(telling.flatMap((row) => row.map(([replicate]) => replicate)))].sort((a, b) => a - b);
  const effects = new Map(replicates.map((replicate) => [replicate, 0]));
  let rests = new Map<number, readonly number[]>();
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const around = telling.map((row) => withoutCentre(row, effects));
    rests = new Map(replicates.map((replicate) => [replicate, around.flatMap((row) => row.get(replicate) ?? [])]));
    for (const [replicate, rest] of rests) effects.set(replicate, effects.get(replicate)! + quantile(rest, 0.5));
  }
  const centre = meanOf([...effects.values()]);
  const centred = replicates.map((replicate) => ({
    replicate,
    effect: effects.get(replicate)! - centre,
    count: rests.get(replicate)!.length,
  }));
  const ratio = varianceRatio(centred, [...rests.values()].flat(), telling.length);
  return new Map(centred.map(({ replicate, effect, count }) => [replicate, (effect * count) / (count + ratio)]));
}

/** What is left of each trial of a point without its effect and the point's median. */
function withoutCentre(row: Row, effects: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const rest = row.map(([replicate, value]) => [replicate, value - effects.get(replicate)!] as const);
  const centre = quantile(
    rest.map(([, value]) => value),
    0.5,
  );
  return new Map(rest.map(([replicate, value]) => [replicate, value - centre]));
}

/** Own over shared variance, from the rests and what of the effects they do not explain; infinite where that is nothing. */
function varianceRatio(
  effects: readonly { readonly effect: number; readonly count: number }[],
  rests: readonly number[],
  points: number,
): number {
  const freedom = rests.length - points - (effects.length - 1);
  if (freedom < 1) return ownOverShared;
  const deviation = quantile(rests.map(Math.abs), 0.5) / normalDeviation;
  const own = (deviation ** 2 * rests.length) / freedom;
  const spread = effects.reduce((sum, { effect }) => sum + effect ** 2, 0) / (effects.length - 1);
  const shared = spread - own * meanOf(effects.map(({ count }) => 1 / count));
  return shared > 0 ? own / shared : Number.POSITIVE_INFINITY;
}
