import type { ObjectiveDefinition, ObjectiveKind, ObjectiveOf } from '../objective.ts';

/** Objectives of this version with the defaults of their fields; null where a field must be given or searched. */
export interface ObjectiveEntry<Kind extends ObjectiveKind = ObjectiveKind> {
  readonly title: string;
  readonly defaults: Omit<ObjectiveOf<Kind>, 'kind'>;
}

/**
 * The CIFAR-100 recipe of the paper, temperature 4 with weight 32 for the AB divergence, which has no T^2; everything
 * that is compared with it as a divergence has the same. `kd` has weight 2 and T^2 (2 x 4^2 = 32: the same pull).
 *
 * @see arXiv:2505.04560, I.2.3
 */
const distilling = { temperature: 4, weight: 32, ceWeight: 1 } as const;
const open = { alpha: null, beta: null } as const;
const raw = { scale: 'raw' } as const;

/** @see arXiv:2203.08679 and its code: beta is chosen per pair, 6 or 8 there; warm-up over 20 epochs */
const decoupled = { temperature: 4, weight: 1, ceWeight: 1, dkdAlpha: 1, dkdBeta: 8, warmupEpochs: 20 } as const;

/** @see arXiv:2403.01732 as arXiv:2505.04560 runs it: 0.1 CE + 9 KD at T = 2 */
const standardised = { temperature: 2, weight: 9, ceWeight: 0.1 } as const;

/** The weight is chosen per pair, 76 for WRN-40-2 to 40-1 and 45 for VGG-13 to VGG-8. @see arXiv:2505.04560, I.2.3 */
const transformed = { weight: 45, ceWeight: 1, gamma: 0.1 } as const;

export const objectives: { readonly [Kind in ObjectiveKind]: ObjectiveEntry<Kind> } = {
  abkd: {
    title: 'alpha-beta divergence, cross-entropy beside it',
    defaults: { ...distilling, ...open, ...raw, compat: 'exact' },
  },
  fkl: { title: 'forward KL without T^2, the point (1, 0)', defaults: distilling },
  rkl: { title: 'reverse KL without T^2, the point (0, 1)', defaults: { ...distilling, ...raw } },
  hellinger: {
    title: '4 times the squared Hellinger distance, the point (1/2, 1/2)',
    defaults: { ...distilling, ...raw },
  },
  squaredEuclid: {
    title: 'half the squared Euclidean distance, the point (1, 1)',
    defaults: { ...distilling, ...raw },
  },
  alpha: {
    title: 'alpha-divergence, the line beta = 1 - alpha',
    defaults: { ...distilling, alpha: null, ...raw },
  },
  beta: { title: 'beta-divergence, the line alpha = 1', defaults: { ...distilling, beta: null, ...raw } },
  jsd: {
    title: 'generalised Jensen-Shannon divergence (GKD)',
    defaults: { ...distilling, teacherShare: 0.5, ...raw },
  },
  wsd: {
    title: 'weighted sum of forward and reverse KL',
    defaults: { ...distilling, forwardWeight: 0.5, reverseWeight: 0.5, ...raw },
  },
  skl: { title: 'skew KL (DistiLLM)', defaults: { ...distilling, skew: 0.1, ...raw } },
  srkl: { title: 'skew reverse KL (DistiLLM)', defaults: { ...distilling, skew: 0.1, ...raw } },
  tv: { title: 'total variation distance', defaults: { ...distilling, ...raw } },
  akl: { title: 'adaptive KL, head against tail', defaults: { ...distilling, headMass: 0.5, ...raw } },
  bdkd: { title: 'balanced divergence (BD-KD)', defaults: { ...distilling, boost: 3, ...raw } },
  alphanet: {
    title: 'larger of two alpha-divergences (AlphaNet)',
    defaults: { ...distilling, alphaMinus: -1, alphaPlus: 1, ...raw },
  },
  kd: {
    title: 'forward KL with T^2 (Hinton et al.), cross-entropy beside it',
    defaults: { temperature: 4, weight: 2, ceWeight: 1 },
  },
  dkd: { title: 'decoupled KD', defaults: decoupled },
  abdkd: {
    title: 'decoupled KD with the alpha-beta divergence among the other classes',
    defaults: { ...decoupled, ...open },
  },
  lsd: { title: 'KD of standardised logits', defaults: standardised },
  ablsd: {
    title: 'alpha-beta divergence of standardised logits, with T^2',
    defaults: { ...standardised, ...open },
  },
  ttm: { title: 'transformed teacher matching', defaults: transformed },
  abttm: {
    title: 'transformed teacher matching with the alpha-beta divergence',
    defaults: { ...transformed, ...open, ...raw },
  },
  ce: { title: 'cross-entropy with the labels alone: the student without teacher', defaults: {} },
};

export const objectiveKinds = Object.keys(objectives) as readonly ObjectiveKind[];

/** True where the objective has such a field. */
export function objectiveHas(kind: ObjectiveKind, field: string): boolean {
  return Object.hasOwn(objectives[kind].defaults, field);
}

/** The fields that an objective must get from the spec or from the space: they have no default. */
export function openFields(kind: ObjectiveKind): readonly string[] {
  return Object.entries(objectives[kind].defaults).flatMap(([name, value]) => (value === null ? [name] : []));
}

/** The default definition of a kind with what a spec says laid over it. */
export function withDefaults(given: { readonly kind: ObjectiveKind }): ObjectiveDefinition {
  // The spec's schema lets an objective have exactly the fields of its kind.
  return { ...objectives[given.kind].defaults, ...given } as ObjectiveDefinition;
}

/** Objectives that the paper compares with and this version does not have. */
export const unavailableObjectives: readonly string[] = ['sft', 'seqkd', 'minillm', 'gkd', 'distillm'];
