import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * Reverse KL, sum q ln(q / p), at temperature T, without T^2. D_AB^(0, 1).
 *
 * @see arXiv 2505.04560, table 1
 */
export const rkl: Divergence<'rkl'> = ({ temperature }, batch) => abRows({ ...batch, temperature, alpha: 0, beta: 1 });
