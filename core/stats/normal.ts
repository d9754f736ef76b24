/** The standard normal distribution, and the expected improvement of a normal, in log space. */

const logSqrtTwoPi = 0.9189385332046727;

/** φ(z). */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z - logSqrtTwoPi);
}

/** Φ(z), to about 15 digits of the smaller of Φ(z) and 1 - Φ(z). */
export function normalCdf(z: number): number {
  if (z > 3) return 1 - normalCdf(-z);
  if (z < -3) return normalDensity(z) / (-z + tailFraction(-z));
  // Φ(z) = 1/2 + φ(z) (z + z³/3 + z⁵/(3·5) + ...): every term has the same sign.
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + normalDensity(z) * sum;
}

/**
 * The quantile function of the standard normal, 0 < p < 1.
 * @see Wichura, "Algorithm AS 241", 1988, for the idea of a start value; two Newton steps in the tail's logarithm make
 * it exact to rounding
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Cannot take the normal quantile of ${p}: expected a number in (0, 1)`);
  if (p > 0.5) return -normalQuantile(1 - p);
  // Abramowitz and Stegun 26.2.23, within 4.5e-4.
  const t = Math.sqrt(-2 * Math.log(p));
  let z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (let step = 0; step < 3; step++) {
    const error = (normalCdf(z) - p) / normalDensity(z);
    // Halley's correction: Φ'' = -z φ.
    z -= error / (1 + 0.5 * z * error);
  }
  return z;
}

/** A value and its derivative. */
export interface LogImprovement {
  readonly value: number;
  readonly derivative: number;
}

/**
 * ln h(z) with h(z) = φ(z) + z Φ(z), the expected improvement of a normal with mean z and standard deviation 1 over 0,
 * and its derivative Φ(z) / h(z). Exact also where h underflows.
 * @see arXiv 2310.20708, equation 9
 */
export function logImprovement(z: number): LogImprovement {
  if (z > -2) {
    const h = normalDensity(z) + z * normalCdf(z);
    return { value: Math.log(h), derivative: normalCdf(z) / h };
  }
  // With t = -z and Φ(-t) = φ(t) / (t + c): h = φ(t) c / (t + c).
  const t = -z;
  const c = tailFraction(t);
  return { value: -0.5 * t * t - logSqrtTwoPi + Math.log(c / (t + c)), derivative: 1 / c };
}

/** c in Φ(-t) = φ(t) / (t + c): Laplace's continued fraction 1/(t + 2/(t + 3/(t + ...))), t >= 2. */
function tailFraction(t: number): number {
  let fraction = 0;
  for (let k = t > 6 ? 24 : 120; k >= 1; k--) fraction = k / (t + fraction);
  return fraction;
}
