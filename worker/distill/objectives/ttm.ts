import type { Divergence } from './contract.ts';
import { transformedRows } from './transformed.ts';

/**
 * Transformed teacher matching: KL(p' || q) with q the student's softmax at temperature 1 and p' the teacher's
 * probabilities to the power `gamma`, normalised; no T^2. Every sample has weight 1 (the weighted form, WTTM, is another
 * objective).
 *
 * @see Zheng and Yang, "Knowledge Distillation Based on Transformed Teacher Matching", arXiv 2402.11148;
 *   `gamma` as there, 0.1 for VGG-13 to VGG-8 in its code
 */
export const ttm: Divergence<'ttm'> = (objective, batch) => transformedRows({ ...objective, alpha: 1, beta: 0 }, batch);
