/**
 * Lanczos coefficients for g = 7, n = 9, relative error below 1e-14 (P. Godfrey, "A note on the computation of the
 * convergent Lanczos complex Gamma approximation", 2001).
 */
const lanczosG = 7;
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Gamma(x) for x > 0. */
export function logGamma(x: number): number {
  // Reflection, DLMF 5.5.3: the series is made for x >= 1/2.
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x - 1 + lanczosG + 0.5;
  const series = lanczos.reduce((sum, coefficient, k) => (k === 0 ? coefficient : sum + coefficient / (x - 1 + k)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

/**
 * Regularised incomplete beta function I_x(a, b), for a, b > 0 and x in 0 .. 1: the probability that a Beta(a, b)
 * variable is at most x. By the continued fraction DLMF 8.17.22, on the side where it converges fast.
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(logFront) * betaFraction(a, b, x)) / a;
}

/** P(F > f) for F with (d1, d2) degrees of freedom: I_{d2 / (d2 + d1 f)}(d2 / 2, d1 / 2). */
export function fUpperTail(f: number, d1: number, d2: number): number {
  return incompleteBeta(d2 / 2, d1 / 2, d2 / (d2 + d1 * f));
}

/** P(|T| > |t|) for Student's T with v degrees of freedom: I_{v / (v + t^2)}(v / 2, 1 / 2). */
export function studentTwoSided(t: number, v: number): number {
  return incompleteBeta(v / 2, 0.5, v / (v + t * t));
}

/** Below this a denominator of Lentz's method is replaced, so that it never divides by zero. */
const tiny = 1e-300;
const precision = 1e-16;
const maxTerms = 10_000;

/** The continued fraction of DLMF 8.17.22 by the modified Lentz method. */
function betaFraction(a: number, b: number, x: number): number {
  const step = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / step(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= maxTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / step(1 + term * d);
      c = step(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < precision) break;
  }
  return fraction;
}
