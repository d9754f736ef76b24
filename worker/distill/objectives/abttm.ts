import type { Divergence } from './contract.ts';
import { transformedRows } from './transformed.ts';

/**
 * Transformed teacher matching with the AB divergence in place of forward KL. (1, 0) is `ttm`.
 *
 * @see arXiv 2505.04560, table 4, and its code, distiller_zoo/ttm.py
 */
export const abttm: Divergence<'abttm'> = transformedRows;
