/** Statistics of distributions and gradients, in float64 over plain arrays, row-major `[images, classes]`. */

/** Below this ln p and ln q are clamped: with exponents up to 5 every power stays inside float64. */
const lowestLog = -100;

/** Mean Shannon entropy of the softmax at `temperature` of each row of `classes` logits, nats. NaN where a logit is NaN. */
export function meanEntropy(logits: Float32Array, classes: number, temperature = 1): number {
  const rows = logits.length / classes;
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    total += entropyOf(logits.subarray(row * classes, (row + 1) * classes), temperature);
  }
  return total / rows;
}

/** With x = z / T and w = e^(x - max x): H = ln sum w - sum w (x - max x) / sum w. */
function entropyOf(logits: Float32Array, temperature: number): number {
  const largest = largestOf(logits);
  let weights = 0;
  let weighted = 0;
  for (const logit of logits) {
    const exponent = (logit - largest) / temperature;
    const weight = Math.exp(exponent);
    weights += weight;
    weighted += weight * exponent;
  }
  return Math.log(weights) - weighted / weights;
}

/** ln of the softmax at `temperature` of each row, at least -100. */
export function logSoftmaxRows(logits: Float32Array, classes: number, temperature: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const largest = largestOf(row);
    const logTotal = Math.log(row.reduce((sum, logit) => sum + Math.exp((logit - largest) / temperature), 0));
    for (const [k, logit] of row.entries()) {
      result[start + k] = Math.max((logit - largest) / temperature - logTotal, lowestLog);
    }
  }
  return result;
}

function largestOf(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
}

/** Group of each element by its rank: 0 for the lowest of `groups` equal parts; of equal values the first is lower. */
export function rankGroups(values: Float64Array, groups: number): Uint8Array {
  const order = Uint32Array.from({ length: values.length }, (_, index) => index);
  order.sort((one, other) => values[one]! - values[other]! || one - other);
  const result = new Uint8Array(values.length);
  for (const [rank, index] of order.entries()) result[index] = Math.floor((groups * rank) / values.length);
  return result;
}

/** Mean absolute value of the elements of each group, NaN for a group without any. */
export function meanByGroup(values: Float32Array, groupOf: Uint8Array, groups: number): Float64Array {
  const sums = new Float64Array(groups);
  const counts = new Float64Array(groups);
  for (const [index, value] of values.entries()) {
    sums[groupOf[index]!]! += Math.abs(value);
    counts[groupOf[index]!]! += 1;
  }
  return sums.map((sum, group) => sum / counts[group]!);
}

/** Mean absolute value. */
export function meanAbsolute(values: Float32Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}

/** Mean Euclidean norm of the rows. */
export function meanNorm(values: Float32Array, classes: number): number {
  let total = 0;
  for (let start = 0; start < values.length; start += classes) {
    total += Math.hypot(...values.subarray(start, start + classes));
  }
  return (total * classes) / values.length;
}

export interface ConcentrationWeights {
  /** Mean of |p^alpha - q^alpha| / |alpha|, of |ln p - ln q| for alpha = 0. */
  readonly hardness: number;
  /** Mean of q^beta. */
  readonly confidence: number;
}

/**
 * The two factors by which the AB divergence weighs each class in its gradient, as means over all of them.
 * @see arXiv 2505.04560, Proposition 4.2
 */
export function concentrationWeights(
  logP: Float64Array,
  logQ: Float64Array,
  { alpha, beta }: { readonly alpha: number; readonly beta: number },
): ConcentrationWeights {
  let hardness = 0;
  let confidence = 0;
  for (const [index, lp] of logP.entries()) {
    const lq = logQ[index]!;
    hardness += Math.abs(alpha === 0 ? lp - lq : (Math.exp(alpha * lp) - Math.exp(alpha * lq)) / alpha);
    confidence += Math.exp(beta * lq);
  }
  return { hardness: hardness / logP.length, confidence: confidence / logP.length };
}
