import type { ResolvedDefinition } from '../../core/objective.ts';

/** A point of the (alpha, beta) plane. */
export interface PlanePoint {
  readonly alpha: number;
  readonly beta: number;
}

/**
 * Where the objective is the AB divergence between the softmax of the teacher's and the student's own logits, up to a
 * factor; null for everything that is not in the family or transforms the logits first.
 * @see arXiv 2505.04560, table 1
 */
export function planePointOf(objective: ResolvedDefinition): PlanePoint | null {
  switch (objective.kind) {
    case 'abkd':
      return { alpha: objective.alpha, beta: objective.beta };
    case 'alpha':
      return { alpha: objective.alpha, beta: 1 - objective.alpha };
    case 'beta':
      return { alpha: 1, beta: objective.beta };
    case 'fkl':
    case 'kd':
      return { alpha: 1, beta: 0 };
    case 'rkl':
      return { alpha: 0, beta: 1 };
    case 'hellinger':
      return { alpha: 0.5, beta: 0.5 };
    case 'squaredEuclid':
      return { alpha: 1, beta: 1 };
    default:
      return null;
  }
}
