import type { Divergence } from './contract.ts';
import { decoupledRows } from './decoupled.ts';

/**
 * Decoupled KD whose NCKD is the AB divergence; TCKD stays forward KL. (1, 0) is `dkd`.
 *
 * @see arXiv 2505.04560, table 4, and its code, distiller_zoo/dkd.py
 */
export const abdkd: Divergence<'abdkd'> = decoupledRows;
