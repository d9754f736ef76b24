/**
 * The value below which the share `p`, 0 to 1, of the values lies: between neighbours it is interpolated. Infinite values
 * are allowed; NaN where there are no values.
 *
 * @see Hyndman and Fan, "Sample quantiles in statistical packages", 1996, type 7: what NumPy and R do
 */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const [lower, upper] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (lower === undefined || upper === undefined) return Number.NaN;
  return lower === upper ? lower : lower + (place - Math.floor(place)) * (upper - lower);
}
