import type { ObjectiveDefinition, ObjectiveKind } from '../task.ts';

/** Objectives of this version with the defaults of their fields. */
export interface ObjectiveEntry {
  readonly title: string;
  readonly defaults: Pick<ObjectiveDefinition, 'temperature' | 'weight' | 'ceWeight'>;
  /** False for an objective without teacher. */
  readonly distils: boolean;
}

/**
 * Defaults: the CIFAR-100 recipe of the paper, temperature 4 with weight 32 for the AB divergence, which has no T^2,
 * and weight 2 for forward KL, which has it (2 x 4^2 = 32: the same pull at (1, 0)).
 *
 * @see arXiv:2505.04560, I.2.3
 */
export const objectives: Readonly<Record<ObjectiveKind, ObjectiveEntry>> = {
  abkd: {
    title: 'alpha-beta divergence, cross-entropy beside it',
    defaults: { temperature: 4, weight: 32, ceWeight: 1 },
    distils: true,
  },
  kd: {
    title: 'forward KL with T^2 (Hinton et al.), cross-entropy beside it',
    defaults: { temperature: 4, weight: 2, ceWeight: 1 },
    distils: true,
  },
  ce: {
    title: 'cross-entropy with the labels alone: the student without teacher',
    defaults: { temperature: 1, weight: 0, ceWeight: 1 },
    distils: false,
  },
};

export const objectiveKinds = Object.keys(objectives) as readonly ObjectiveKind[];

/** Objectives that the paper compares with and this version does not have. */
export const unavailableObjectives: readonly string[] = [
  'dkd',
  'abdkd',
  'lsd',
  'ablsd',
  'ttm',
  'abttm',
  'wsd',
  'jsd',
  'akl',
  'bdkd',
  'skl',
  'srkl',
  'alphanet',
  'tvd',
  'sft',
  'seqkd',
  'minillm',
  'gkd',
  'distillm',
];
