import type { Estimate } from '../api.ts';

/** Mean, standard deviation (n - 1) and standard error of the values; null for none. `sd` and `se` are null for one. */
export function estimate(values: readonly number[]): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = meanOf(values);
  if (n === 1) return { n, mean, sd: null, se: null };
  const sd = Math.sqrt(sumOfSquares(values, mean) / (n - 1));
  return { n, mean, sd, se: sd / Math.sqrt(n) };
}

/** Arithmetic mean; at least one value. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of the squared distances from `centre`. */
export function sumOfSquares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
