/** Seeds of each point: at least `min`, at most `max`. Where they differ the search decides. */
export interface Replicates {
  readonly min: number;
  readonly max: number;
}

/**
 * Trials that a search of `points` points may order: so many as if each got the mean of `min` and `max`, rounded. The first
 * `min` trials of landmarks come on top.
 */
export function trialBudget(points: number, { min, max }: Replicates): number {
  return Math.round((points * (min + max)) / 2);
}

/** Points that the budget is enough for where none gets more than its first `min` trials. */
export function mostPoints(points: number, replicates: Replicates): number {
  return Math.floor(trialBudget(points, replicates) / replicates.min);
}

/** What a search may still order. */
export interface Budget {
  /** Points that the strategy may choose. */
  readonly points: number;
  /** Trials, those of such points included. */
  readonly trials: number;
}

/** What is left after points that the strategy chose, and seeds that any points got beyond their first `min`. */
export function budgetLeft(
  { points, replicates }: { readonly points: number | null; readonly replicates: Replicates },
  chosen: number,
  furtherSeeds: number,
): Budget {
  if (points === null) return { points: Number.POSITIVE_INFINITY, trials: Number.POSITIVE_INFINITY };
  const spent = chosen * replicates.min + furtherSeeds;
  const trials = Math.max(0, trialBudget(points, replicates) - spent);
  return { points: Math.floor(trials / replicates.min), trials };
}
