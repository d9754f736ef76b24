/**
 * Values on a scale that suits the model: where few are far worse than the rest, a stationary process takes the whole
 * surface for as rough as it is there. The power transform of Yeo and Johnson draws bad values together and leaves the
 * order as it is; how strongly, the evidence decides. Noise speaks against it: drawn apart, good values differ by chance.
 *
 * @see Yeo and Johnson, "A new family of power transformations to improve normality or symmetry", Biometrika 87, 2000
 */

/** 1 leaves values as they are. */
export const warpPowers: readonly number[] = [1, 1.5, 2, 2.5];

export interface Warped {
  /** With mean 0 and variance 1. */
  readonly values: Float64Array;
  /** ln of the determinant of the change of variables: what the density of the values is multiplied by. */
  readonly logJacobian: number;
}

/** @param values standardised */
export function warp(values: Float64Array, power: number): Warped {
  if (power === 1) return { values, logJacobian: 0 };
  const bent = values.map((value) => transform(value, power));
  const mean = bent.reduce((sum, value) => sum + value, 0) / bent.length;
  const sd = Math.sqrt(bent.reduce((sum, value) => sum + (value - mean) ** 2, 0) / bent.length) || 1;
  const stretch = values.reduce((sum, value) => sum + Math.sign(value) * Math.log1p(Math.abs(value)), 0);
  return {
    values: bent.map((value) => (value - mean) / sd),
    logJacobian: (power - 1) * stretch - values.length * Math.log(sd),
  };
}

function transform(value: number, power: number): number {
  if (value >= 0) return ((1 + value) ** power - 1) / power;
  return power === 2 ? -Math.log1p(-value) : -((1 - value) ** (2 - power) - 1) / (2 - power);
}
