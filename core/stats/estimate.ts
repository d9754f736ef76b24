/** Mean over seeds. `sd` and `se` are null where n < 2. Unit: that of the metric (top1: percent, 0..100). */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  readonly sd: number | null;
  readonly se: number | null;
}

/** Mean, standard deviation (n - 1) and standard error of the values; null for none. `sd` and `se` are null for one. */
export function estimate(values: readonly number[]): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = meanOf(values);
  if (n === 1) return { n, mean, sd: null, se: null };
  const sd = Math.sqrt(sumOfSquares(values, mean) / (n - 1));
  return { n, mean, sd, se: sd / Math.sqrt(n) };
}

/** Difference of two means of independent values; `n` is the smaller of the two, and `sd` is not defined. */
export function differenceOf(one: Estimate | null, other: Estimate | null): Estimate | null {
  if (one === null || other === null) return null;
  const se = one.se === null || other.se === null ? null : Math.hypot(one.se, other.se);
  return { n: Math.min(one.n, other.n), mean: one.mean - other.mean, sd: null, se };
}

/** Arithmetic mean; at least one value. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of the squared distances from `centre`. */
export function sumOfSquares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
