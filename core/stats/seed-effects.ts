import { lowerFence } from './fence.ts';

/**
 * Trials as the sum of what their point is, what their seed adds to every point, and chance. Points under common seeds are
 * compared without what the seeds share (a randomised block design, the seeds being the blocks).
 */
export interface SeedModel {
  /** Of each point that was given: its mean without the effect of its seeds. */
  readonly means: Float64Array;
  /** Variance of one trial around point and seed; null without degrees of freedom. */
  readonly variance: number | null;
  /** Trials beyond those that points and seeds take to be told apart; 0 where every point has one seed. */
  readonly degreesOfFreedom: number;
}

/** Steps of the fit. Each takes a constant share off the error; a design without gaps is through after the second. */
const mostSteps = 300;
/** It ends when no mean moves by more than this part of the largest deviation. */
const tolerance = 1e-10;

/**
 * Least squares of value = point + seed, by turns: points from what the seeds leave, seeds from what the points leave.
 * The effects of the seeds are 0 on average. A point that collapsed under one of its seeds tells neither what a seed adds
 * to others nor how much good points differ from seed to seed: its mean is all that is taken from it.
 * @param points value by seed; each has at least one
 */
export function fitSeedModel(points: readonly ReadonlyMap<number, number>[]): SeedModel {
  const hasLearnt = learntUnderAllSeeds(points);
  const { effects, variance, degreesOfFreedom } = fitEffects(points.filter((_, i) => hasLearnt[i]));
  return { means: pointMeans(points, effects), variance, degreesOfFreedom };
}

/** Of each point, whether none of its trials lies so far below those of all points together. */
export function learntUnderAllSeeds(points: readonly ReadonlyMap<number, number>[]): readonly boolean[] {
  const floor = lowerFence(points.flatMap((bySeed) => [...bySeed.values()]));
  return points.map((bySeed) => [...bySeed.values()].every((value) => value >= floor));
}

function fitEffects(points: readonly ReadonlyMap<number, number>[]) {
  const trials = points.flatMap((bySeed, point) => [...bySeed].map(([seed, value]) => ({ point, seed, value })));
  const effects = new Map(trials.map(({ seed }) => [seed, 0]));
  const seedCounts = countBy(trials.map(({ seed }) => seed));
  let means = pointMeans(points, effects);
  const spread = Math.max(...trials.map(({ point, value }) => Math.abs(value - means[point]!)), 0);
  for (let step = 0; step < mostSteps && effects.size > 1; step++) {
    const sums = new Map<number, number>();
    for (const { point, seed, value } of trials) sums.set(seed, (sums.get(seed) ?? 0) + value - means[point]!);
    for (const [seed, sum] of sums) effects.set(seed, sum / seedCounts.get(seed)!);
    const centre = trials.reduce((sum, { seed }) => sum + effects.get(seed)!, 0) / trials.length;
    for (const [seed, effect] of effects) effects.set(seed, effect - centre);
    const next = pointMeans(points, effects);
    const moved = Math.max(...next.map((mean, i) => Math.abs(mean - means[i]!)));
    means = next;
    if (moved <= tolerance * spread) break;
  }
  const degreesOfFreedom = trials.length - points.length - effects.size + countComponents(points);
  if (degreesOfFreedom <= 0) return { effects, variance: null, degreesOfFreedom: 0 };
  const rest = trials.reduce(
    (sum, { point, seed, value }) => sum + (value - means[point]! - effects.get(seed)!) ** 2,
    0,
  );
  return { effects, variance: rest / degreesOfFreedom, degreesOfFreedom };
}

function pointMeans(
  points: readonly ReadonlyMap<number, number>[],
  effects: ReadonlyMap<number, number>,
): Float64Array {
  return Float64Array.from(points, (bySeed) => {
    let sum = 0;
    for (const [seed, value] of bySeed) sum += value - (effects.get(seed) ?? 0);
    return sum / bySeed.size;
  });
}

function countBy<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Sets of points that no chain of common seeds joins: each has a level of its own that the seeds cannot tell. */
function countComponents(points: readonly ReadonlyMap<number, number>[]): number {
  const parents = new Map<number, number>();
  const rootOf = (seed: number): number => {
    const parent = parents.get(seed) ?? seed;
    return parent === seed ? seed : rootOf(parent);
  };
  for (const bySeed of points) {
    const [first, ...others] = [...bySeed.keys()];
    if (first !== undefined) parents.set(rootOf(first), rootOf(first));
    for (const other of others) parents.set(rootOf(other), rootOf(first!));
  }
  return new Set([...parents.keys()].map(rootOf)).size;
}
