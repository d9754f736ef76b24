import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * The alpha-divergence (Chernoff, Amari), (sum p^alpha q^(1 - alpha) - 1) / (alpha (alpha - 1)): the line
 * alpha + beta = 1 of the plane, from reverse KL at 0 to forward KL at 1.
 *
 * @see arXiv 2505.04560, Definition F.1
 */
export const alpha: Divergence<'alpha'> = (objective, batch) =>
  abRows({ ...batch, temperature: objective.temperature, alpha: objective.alpha, beta: 1 - objective.alpha });
