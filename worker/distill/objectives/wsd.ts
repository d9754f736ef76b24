import { abRows } from '../divergence.ts';
import { addRows, scaleRows } from '../row-loss.ts';
import type { Divergence } from './contract.ts';

/**
 * Weighted sum of divergences: forwardWeight KL(p || q) + reverseWeight KL(q || p), at temperature T, without T^2. By
 * default each has 1/2.
 *
 * @see arXiv 2505.04560, section 3.3, and its code, distillation_llm/distillm/losses.py
 */
export const wsd: Divergence<'wsd'> = ({ temperature, forwardWeight, reverseWeight }, batch) =>
  addRows(
    scaleRows(abRows({ ...batch, temperature, alpha: 1, beta: 0 }), forwardWeight),
    scaleRows(abRows({ ...batch, temperature, alpha: 0, beta: 1 }), reverseWeight),
  );
