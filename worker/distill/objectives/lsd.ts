import type { Divergence } from './contract.ts';
import { standardisedRows } from './standardised.ts';

/**
 * Logit standardisation: T^2 KL(p || q) between the softmax at T of logits that were brought to mean 0 and standard
 * deviation 1, sample by sample.
 *
 * @see Sun et al., "Logit Standardization in Knowledge Distillation", arXiv 2403.01732,
 *   algorithms 1 and 2
 */
export const lsd: Divergence<'lsd'> = (objective, batch) =>
  standardisedRows({ ...objective, alpha: 1, beta: 0 }, batch);
