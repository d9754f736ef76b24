import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * 2 sum (sqrt p - sqrt q)^2, as D_AB^(1/2, 1/2) has it: four times the squared Hellinger distance.
 *
 * @see arXiv 2505.04560, table 1
 */
export const hellinger: Divergence<'hellinger'> = ({ temperature }, batch) =>
  abRows({ ...batch, temperature, alpha: 0.5, beta: 0.5 });
