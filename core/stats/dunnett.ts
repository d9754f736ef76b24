import { normalCdf, normalDensity } from './normal.ts';
import { logGamma, studentTwoSided } from './special.ts';

/**
 * The probability that the best of so many equal candidates leads an equal control by at least t standard errors of one
 * lead, all with as many values, the variance being estimated with v degrees of freedom: the one-sided test of a lead that
 * was looked for among candidates. With one candidate it is Student's test.
 *
 *     1 - E_s E_z Φ(z + √2 t s)^m,   z standard normal (the control), v s² chi-squared
 *
 * @param candidates m, at least 1
 * @see Dunnett, "A multiple comparison procedure for comparing several treatments with a control", JASA 50, 1955
 */
export function dunnettUpperTail(t: number, candidates: number, v: number): number {
  if (candidates === 1) return studentUpperTail(t, v);
  const spread = 9 / Math.sqrt(2 * v);
  return (
    1 -
    simpson((s) => scaleDensity(s, v) * bestBelow(Math.SQRT2 * t * s, candidates), Math.max(0, 1 - spread), 1 + spread)
  );
}

function studentUpperTail(t: number, v: number): number {
  const beyond = studentTwoSided(t, v) / 2;
  return t >= 0 ? beyond : 1 - beyond;
}

/** The probability that none of the candidates lies further than `lead` above the control. */
function bestBelow(lead: number, candidates: number): number {
  return simpson((z) => normalDensity(z) * normalCdf(z + lead) ** candidates, -8.5, 8.5);
}

/** Density of s where v s² is chi-squared with v degrees of freedom. */
function scaleDensity(s: number, v: number): number {
  if (s <= 0) return v === 1 ? Math.sqrt(2 / Math.PI) : 0;
  return Math.exp(Math.LN2 + 0.5 * v * Math.log(v / 2) - logGamma(v / 2) + (v - 1) * Math.log(s) - 0.5 * v * s * s);
}

/** Intervals of the quadrature: both integrands are smooth bells; six digits or more with few degrees of freedom, ten with many. */
const intervals = 96;

function simpson(f: (x: number) => number, from: number, to: number): number {
  const width = (to - from) / intervals;
  let sum = f(from) + f(to);
  for (let i = 1; i < intervals; i++) sum += (i % 2 === 1 ? 4 : 2) * f(from + i * width);
  return (sum * width) / 3;
}
