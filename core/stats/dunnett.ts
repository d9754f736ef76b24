import { normalCdf, normalDensity } from './normal.ts';
import { logGamma, studentTwoSided } from './special.ts';

/**
 * The probability that the best of so many equal candidates leads an equal control by at least t standard errors of one
 * lead, all with as many values, the variance being estimated with v degrees of freedom: the one-sided test of a lead that
 * was looked for among candidates. With one candidate it is Student's test. Below one in a million it is Bonferroni's
 * bound, a little larger, which is not worth an integral.
 *
 *     1 - E_s E_z Φ(z + √2 t s)^m,   z standard normal (the control), v s² chi-squared
 *
 * @param candidates m, at least 1
 * @see Dunnett, "A multiple comparison procedure for comparing several treatments with a control", JASA 50, 1955
 */
export function dunnettUpperTail(t: number, candidates: number, v: number): number {
  const bound = candidates * studentUpperTail(t, v);
  if (candidates === 1 || bound < 1e-6) return bound;
  // Over x = ln s, in which the density is a bell also where v is small: to the left it falls as e^(v x).
  const width = 9 / Math.sqrt(2 * v);
  const below = (x: number) => logScaleDensity(x, v) * bestBelow(Math.SQRT2 * t * Math.exp(x), candidates);
  return 1 - integrate(below, { from: -Math.max(width, 23 / v), to: width, intervals: 64 });
}

function studentUpperTail(t: number, v: number): number {
  const beyond = studentTwoSided(t, v) / 2;
  return t >= 0 ? beyond : 1 - beyond;
}

/** The probability that none of the candidates lies further than `lead` above the control. */
function bestBelow(lead: number, candidates: number): number {
  const below = (z: number) => normalDensity(z) * normalCdf(z + lead) ** candidates;
  return integrate(below, { from: -6.5, to: 6.5, intervals: 36 });
}

/** Density of ln s where v s² is chi-squared with v degrees of freedom. */
function logScaleDensity(x: number, v: number): number {
  return Math.exp(Math.LN2 + 0.5 * v * Math.log(v / 2) - logGamma(v / 2) + v * x - 0.5 * v * Math.exp(2 * x));
}

/** The trapezoidal rule: of a smooth bell whose tails are within, few intervals give all digits. */
function integrate(
  f: (x: number) => number,
  { from, to, intervals }: { readonly from: number; readonly to: number; readonly intervals: number },
): number {
  const step = (to - from) / intervals;
  let sum = 0;
  for (let i = 0; i <= intervals; i++) sum += f(from + i * step);
  return sum * step;
}
