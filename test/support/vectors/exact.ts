import { divide, exp, fixed, log, multiply, one, power, toNumber } from './big-fixed.ts';

/**
 * The AB divergence by its textbook definition in 77-digit arithmetic: shares no formula with the code under test.
 * Cichocki, Cruces, Amari, "Generalized Alpha-Beta Divergences", Entropy 13(1), 2011; the five rows are the definition
 * and its continuous extensions (ABKD, arXiv 2505.04560, Definition 4.1 and Appendix B).
 */
export interface AbInput {
  readonly teacherLogits: readonly number[];
  readonly studentLogits: readonly number[];
  readonly alpha: number;
  readonly beta: number;
  readonly temperature: number;
}

export interface AbExpected {
  readonly divergence: number;
  /** With respect to the student's logits. */
  readonly gradient: readonly number[];
}

/** Step of the central differences: their error is about its square, 1e-38. */
const step = fixed(2 ** -64);

export function exactAb(input: AbInput): AbExpected {
  const temperature = fixed(input.temperature);
  const teacher = softmax(input.teacherLogits.map(fixed), temperature);
  const student = input.studentLogits.map(fixed);
  const at = (logits: readonly bigint[]) =>
    divergence(teacher, softmax(logits, temperature), fixed(input.alpha), fixed(input.beta));
  const gradient = student.map((_, y) => {
    const moved = (by: bigint) => student.map((logit, k) => (k === y ? logit + by : logit));
    return toNumber(divide(at(moved(step)) - at(moved(-step)), 2n * step));
  });
  return { divergence: toNumber(at(student)), gradient };
}

function softmax(logits: readonly bigint[], temperature: bigint): bigint[] {
  const powers = logits.map((logit) => exp(divide(logit, temperature)));
  const total = powers.reduce((sum, value) => sum + value, 0n);
  return powers.map((value) => divide(value, total));
}

function divergence(p: readonly bigint[], q: readonly bigint[], alpha: bigint, beta: bigint): bigint {
  return p.reduce((sum, pk, k) => sum + termOf(alpha, beta)(pk, q[k]!), 0n);
}

type Term = (p: bigint, q: bigint) => bigint;

function termOf(alpha: bigint, beta: bigint): Term {
  const sum = alpha + beta;
  if (alpha === 0n && beta === 0n) return (p, q) => square(log(p) - log(q)) / 2n;
  if (beta === 0n) return klTerm(alpha);
  if (alpha === 0n) return (p, q) => klTerm(beta)(q, p);
  if (sum === 0n) return itakuraSaitoTerm(alpha);
  return (p, q) => {
    const mixed = multiply(power(p, alpha), power(q, beta));
    const own = multiply(divide(alpha, sum), power(p, sum)) + multiply(divide(beta, sum), power(q, sum));
    return -divide(mixed - own, multiply(alpha, beta));
  };
}

/** (p^a ln(p^a / q^a) - p^a + q^a) / a^2 */
function klTerm(a: bigint): Term {
  return (p, q) => {
    const [pa, qa] = [power(p, a), power(q, a)];
    return divide(multiply(pa, log(divide(pa, qa))) - pa + qa, square(a));
  };
}

/** (ln(q^a / p^a) + p^a / q^a - 1) / a^2 */
function itakuraSaitoTerm(a: bigint): Term {
  return (p, q) => {
    const ratio = divide(power(p, a), power(q, a));
    return divide(ratio - log(ratio) - one, square(a));
  };
}

function square(x: bigint): bigint {
  return multiply(x, x);
}
