import type { Divergence } from './contract.ts';
import { decoupledRows } from './decoupled.ts';

/**
 * Decoupled KD: T^2 (dkdAlpha TCKD + dkdBeta NCKD) times min(epoch / warmupEpochs, 1). TCKD is the forward KL between
 * (p_y, 1 - p_y) and (q_y, 1 - q_y), y the label; NCKD that between the distributions over the other classes.
 *
 * @see Zhao et al., "Decoupled Knowledge Distillation", arXiv 2203.08679, equation 7
 */
export const dkd: Divergence<'dkd'> = (objective, batch) => decoupledRows({ ...objective, alpha: 1, beta: 0 }, batch);
