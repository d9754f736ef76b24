import { abRows } from '../divergence.ts';
import type { Divergence } from './contract.ts';

/**
 * D_AB^(alpha, beta)(p || q) at temperature T, without T^2.
 *
 * @see Wang et al., "ABKD: Pursuing a Proper Allocation of the Probability Mass in Knowledge Distillation via
 *   alpha-beta-Divergence", arXiv 2505.04560, Definition 4.1 and Appendix B, equation 8
 */
export const abkd: Divergence<'abkd'> = ({ alpha, beta, temperature, compat }, batch) =>
  abRows({ ...batch, alpha, beta, temperature, compat });
