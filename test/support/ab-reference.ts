/** The AB divergence of one sample in float64, by the stable form with `expm1` of the worker's facts: see the fields. */
export interface AbReference {
  readonly divergence: number;
  /** With respect to the student's logits. */
  readonly gradient: readonly number[];
}

/**
 * With r = ln(q / p), s = alpha + beta and E_c(r) = expm1(c r) / c (E_0(r) = r):
 * D = sum p^s (E_s(r) - E_beta(r)) / alpha where |alpha| >= |beta|, else sum q^s (E_s(-r) - E_alpha(-r)) / beta,
 * and half the sum of r^2 where both are 0. The gradient is
 * dD/dz_y = (q_y sum_k q_k^beta phi_k - q_y^beta phi_y) / T with q^beta phi = q^s E_alpha(-r).
 */
export function abReference(
  teacherLogits: readonly number[],
  studentLogits: readonly number[],
  { alpha, beta, temperature }: { readonly alpha: number; readonly beta: number; readonly temperature: number },
): AbReference {
  const logP = logSoftmax(teacherLogits, temperature);
  const logQ = logSoftmax(studentLogits, temperature);
  const s = alpha + beta;
  const term = (lp: number, lq: number) => {
    const r = lq - lp;
    if (alpha === 0 && beta === 0) return (r * r) / 2;
    return Math.abs(alpha) >= Math.abs(beta)
      ? (Math.exp(s * lp) * (quotient(s, r) - quotient(beta, r))) / alpha
      : (Math.exp(s * lq) * (quotient(s, -r) - quotient(alpha, -r))) / beta;
  };
  const pulls = logP.map((lp, k) => Math.exp(s * logQ[k]!) * quotient(alpha, lp - logQ[k]!));
  const total = sum(pulls);
  return {
    divergence: sum(logP.map((lp, k) => term(lp, logQ[k]!))),
    gradient: pulls.map((pull, k) => (Math.exp(logQ[k]!) * total - pull) / temperature),
  };
}

/** expm1(c x) / c, and its limit x. */
function quotient(c: number, x: number): number {
  return c === 0 ? x : Math.expm1(c * x) / c;
}

function logSoftmax(logits: readonly number[], temperature: number): number[] {
  const scaled = logits.map((logit) => logit / temperature);
  const max = Math.max(...scaled);
  const logTotal = max + Math.log(sum(scaled.map((x) => Math.exp(x - max))));
  return scaled.map((x) => x - logTotal);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
