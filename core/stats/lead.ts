import { dunnettUpperTail } from './dunnett.ts';
import { meanOf, sumOfSquares } from './estimate.ts';
import { fitSeedModel, learntUnderAllSeeds } from './seed-effects.ts';

/** How far the best point leads another one on the selection value, and whether that is more than chance. */
export interface Lead {
  /** Seeds that both have; where they have none in common, the fewer of their seeds. */
  readonly n: number;
  /** Best minus other, unit of the metric. */
  readonly mean: number;
  /** True where the difference is over common seeds. */
  readonly isPaired: boolean;
  /** Standard error, from the noise of all points together; null where no point tells of noise. */
  readonly se: number | null;
  readonly degreesOfFreedom: number;
  /** Points that the best was chosen from, for which `p` is corrected; 1 where it needs no correction. */
  readonly candidates: number;
  /** Probability of such a lead where the best is not better, one-sided; null without `se`. */
  readonly p: number | null;
  /** The same over all groups of the answer that ask the same question (Holm); null in an answer about one task. */
  readonly pHolm: number | null;
}

type ValuesBySeed = ReadonlyMap<number, number>;

/** How much trials of one point differ, over all points together. */
export interface Noise {
  /** Under common seeds: around point and seed. Null without degrees of freedom. */
  readonly paired: Variance | null;
  /** Under seeds of their own: around the point. */
  readonly unpaired: Variance | null;
}

interface Variance {
  readonly value: number;
  readonly degreesOfFreedom: number;
}

/** @param points value by seed of every point that has values; one that collapsed under a seed tells nothing of the others' noise */
export function pooledNoise(points: readonly ValuesBySeed[]): Noise {
  const { variance, degreesOfFreedom } = fitSeedModel(points);
  const hasLearnt = learntUnderAllSeeds(points);
  const own = points.filter(({ size }, i) => size >= 2 && hasLearnt[i]).map((bySeed) => [...bySeed.values()]);
  const within = own.reduce((sum, values) => sum + sumOfSquares(values, meanOf(values)), 0);
  const freedom = own.reduce((sum, values) => sum + values.length - 1, 0);
  return {
    paired: variance === null ? null : { value: variance, degreesOfFreedom },
    unpaired: freedom === 0 ? null : { value: within / freedom, degreesOfFreedom: freedom },
  };
}

/**
 * Whether a point that was chosen for its values is better than another: the mean difference over the seeds that both have
 * (what they share cancels out), against the noise of all points together, because two or three seeds tell little of it.
 * Where they have no seed in common, the difference of their means against the noise of independent values.
 *
 * @param candidates points among which `best` was chosen; 1 where its values are from seeds that had no part in the choice
 * @returns null where one of them has no value
 */
export function leadOver(best: ValuesBySeed, other: ValuesBySeed, noise: Noise, candidates: number): Lead | null {
  if (best.size === 0 || other.size === 0) return null;
  const differences = [...best].flatMap(([seed, value]) => (other.has(seed) ? [value - other.get(seed)!] : []));
  const isPaired = differences.length > 0;
  const mean = isPaired ? meanOf(differences) : meanOf([...best.values()]) - meanOf([...other.values()]);
  const variance = isPaired ? noise.paired : noise.unpaired;
  const weight = isPaired ? 2 / differences.length : 1 / best.size + 1 / other.size;
  const n = isPaired ? differences.length : Math.min(best.size, other.size);
  const common = { n, mean, isPaired, candidates };
  if (variance === null) return { ...common, se: null, degreesOfFreedom: 0, p: null, pHolm: null };
  const se = Math.sqrt(variance.value * weight);
  const { degreesOfFreedom } = variance;
  return { ...common, se, degreesOfFreedom, p: upperTail(mean, se, candidates, degreesOfFreedom), pHolm: null };
}

/** Without any noise a lead is a fact. */
function upperTail(mean: number, se: number, candidates: number, degreesOfFreedom: number): number {
  if (se === 0) return mean > 0 ? 0 : 1;
  return Math.min(1, Math.max(0, dunnettUpperTail(mean / se, candidates, degreesOfFreedom)));
}
