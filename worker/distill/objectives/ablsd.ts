import type { Divergence } from './contract.ts';
import { standardisedRows } from './standardised.ts';

/**
 * Logit standardisation with the AB divergence in place of forward KL, T^2 included. (1, 0) is `lsd`.
 *
 * @see arXiv 2505.04560, table 4, and its code, distiller_zoo/ls.py
 */
export const ablsd: Divergence<'ablsd'> = standardisedRows;
