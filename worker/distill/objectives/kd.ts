import { abRows } from '../divergence.ts';
import { scaleRows } from '../row-loss.ts';
import type { Divergence } from './contract.ts';

/**
 * T^2 KL(p || q) at temperature T.
 *
 * @see Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531, section 2
 */
export const kd: Divergence<'kd'> = ({ temperature }, batch) =>
  scaleRows(abRows({ ...batch, temperature, alpha: 1, beta: 0 }), temperature ** 2);
