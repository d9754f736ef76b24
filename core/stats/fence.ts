/** Interquartile ranges below the lower quartile from which on a value is not like the others. */
const farBelow = 3;

/**
 * The value below which a student has learnt nothing, judged by what the others reached; minus infinity where half of the
 * values are equal, or there are none.
 * @see Tukey, "Exploratory Data Analysis", 1977, chapter 2: his outer fence
 */
export function lowerFence(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor(sorted.length / 4)]!, sorted[Math.floor((3 * sorted.length) / 4)]!];
  return upper > lower ? lower - farBelow * (upper - lower) : Number.NEGATIVE_INFINITY;
}
