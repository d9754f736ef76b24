import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * The beta-divergence (Basu's density power divergence), sum q^(1 + beta) - (1 + 1 / beta) p q^beta + p^(1 + beta) / beta,
 * divided by 1 + beta, as D_AB^(1, beta) has it: the line alpha = 1 of the plane.
 *
 * @see arXiv 2505.04560, table 1
 */
export const beta: Divergence<'beta'> = (objective, batch) =>
  abRows({ ...batch, temperature: objective.temperature, alpha: 1, beta: objective.beta });
