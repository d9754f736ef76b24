import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * 1/2 sum (p - q)^2, as D_AB^(1, 1) has it: half the squared Euclidean distance.
 *
 * @see arXiv 2505.04560, table 1
 */
export const squaredEuclid: Divergence<'squaredEuclid'> = ({ temperature }, batch) =>
  abRows({ ...batch, temperature, alpha: 1, beta: 1 });
