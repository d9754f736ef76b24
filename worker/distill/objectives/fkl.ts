import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * Forward KL, sum p ln(p / q), at temperature T, without T^2 (with it: `kd`). D_AB^(1, 0).
 *
 * @see arXiv 2505.04560, table 1
 */
export const fkl: Divergence<'fkl'> = ({ temperature }, batch) => abRows({ ...batch, temperature, alpha: 1, beta: 0 });
