/** Mean Shannon entropy of the softmax of each row of `classes` logits, nats. NaN where a logit is NaN. */
export function meanEntropy(logits: Float32Array, classes: number): number {
  const rows = logits.length / classes;
  let total = 0;
  for (let row = 0; row < rows; row += 1) total += entropyOf(logits.subarray(row * classes, (row + 1) * classes));
  return total / rows;
}

/** With w = e^(z - max z): H = ln sum w - sum w (z - max z) / sum w. */
function entropyOf(logits: Float32Array): number {
  const largest = logits.reduce((max, logit) => Math.max(max, logit), Number.NEGATIVE_INFINITY);
  let weights = 0;
  let weighted = 0;
  for (const logit of logits) {
    const weight = Math.exp(logit - largest);
    weights += weight;
    weighted += weight * (logit - largest);
  }
  return Math.log(weights) - weighted / weights;
}
