import { z } from 'zod';

/**
 * What a student minimises: one shape per kind, each with exactly the fields that it has, fully resolved. Defaults,
 * titles and sources are in `core/catalog/objectives.ts`, the losses in `worker/distill/objectives/`.
 */
const finite = z.number().refine(Number.isFinite, 'must be a finite number');

/** Null where the space searches it: every point then brings its own value. */
const coordinate = finite.nullable();

const weights = {
  /** Weight of the divergence term. */
  weight: finite.min(0),
  /** Weight of the cross-entropy with the labels. */
  ceWeight: finite.min(0),
};

const distilling = {
  /** Softmax temperature of teacher and student in the divergence, > 0. */
  temperature: finite.positive(),
  ...weights,
};

/** Exponents on the teacher (alpha) and on the student (beta). */
const plane = { alpha: coordinate, beta: coordinate };

/** `gradNormalised` multiplies the divergence by a factor so that every point pulls as hard as forward KL at the start. */
const scaled = { scale: z.enum(['raw', 'gradNormalised']) };

const decoupled = {
  /** Weight of the target class against the rest (TCKD). */
  dkdAlpha: finite.min(0),
  /** Weight of the divergence among the other classes (NCKD). */
  dkdBeta: finite.min(0),
  /** The divergence grows linearly to its full weight over so many epochs; 0 = at once. */
  warmupEpochs: finite.min(0),
};

/** Power on the teacher's probabilities, which are then normalised. */
const transformed = { gamma: finite.positive() };

/** The weight of the distribution that is mixed in. */
const skewed = { skew: finite.min(0).lt(1) };

export const objectiveSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('abkd'),
    ...distilling,
    ...plane,
    ...scaled,
    /** `abkdRef` reproduces the published code's axis branches, for like-for-like tables only. */
    compat: z.enum(['exact', 'abkdRef']),
  }),
  z.strictObject({ kind: z.literal('fkl'), ...distilling }),
  z.strictObject({ kind: z.literal('rkl'), ...distilling, ...scaled }),
  z.strictObject({ kind: z.literal('hellinger'), ...distilling, ...scaled }),
  z.strictObject({ kind: z.literal('squaredEuclid'), ...distilling, ...scaled }),
  z.strictObject({ kind: z.literal('alpha'), ...distilling, alpha: coordinate, ...scaled }),
  z.strictObject({ kind: z.literal('beta'), ...distilling, beta: coordinate, ...scaled }),
  /** `teacherShare`: the teacher's part of the mixture. */
  z.strictObject({ kind: z.literal('jsd'), ...distilling, teacherShare: finite.gt(0).lt(1), ...scaled }),
  z.strictObject({
    kind: z.literal('wsd'),
    ...distilling,
    forwardWeight: finite.min(0),
    reverseWeight: finite.min(0),
    ...scaled,
  }),
  z.strictObject({ kind: z.literal('skl'), ...distilling, ...skewed, ...scaled }),
  z.strictObject({ kind: z.literal('srkl'), ...distilling, ...skewed, ...scaled }),
  z.strictObject({ kind: z.literal('tv'), ...distilling, ...scaled }),
  /** `headMass`: share of the teacher's probability that its most likely classes, the head, may have together. */
  z.strictObject({ kind: z.literal('akl'), ...distilling, headMass: finite.positive().max(1), ...scaled }),
  /** `boost`: weight of the divergence that a sample favours; the other one has 1. */
  z.strictObject({ kind: z.literal('bdkd'), ...distilling, boost: finite.positive(), ...scaled }),
  z.strictObject({ kind: z.literal('alphanet'), ...distilling, alphaMinus: finite, alphaPlus: finite, ...scaled }),
  z.strictObject({ kind: z.literal('kd'), ...distilling }),
  z.strictObject({ kind: z.literal('dkd'), ...distilling, ...decoupled }),
  z.strictObject({ kind: z.literal('abdkd'), ...distilling, ...decoupled, ...plane }),
  z.strictObject({ kind: z.literal('lsd'), ...distilling }),
  z.strictObject({ kind: z.literal('ablsd'), ...distilling, ...plane }),
  z.strictObject({ kind: z.literal('ttm'), ...weights, ...transformed }),
  z.strictObject({ kind: z.literal('abttm'), ...weights, ...transformed, ...plane, ...scaled }),
  /** The student alone. */
  z.strictObject({ kind: z.literal('ce') }),
]);

export type ObjectiveDefinition = z.infer<typeof objectiveSchema>;
export type ObjectiveKind = ObjectiveDefinition['kind'];
/** Kinds with a teacher. */
export type DistillingKind = Exclude<ObjectiveKind, 'ce'>;

/** The definition of one kind. */
export type ObjectiveOf<Kind extends ObjectiveKind> = Extract<ObjectiveDefinition, { readonly kind: Kind }>;

type Known<Definition> = { readonly [Field in keyof Definition]: Exclude<Definition[Field], null> };

/** The definition of one kind with a number in place of every searched field. */
export type ResolvedOf<Kind extends ObjectiveKind> = Known<ObjectiveOf<Kind>>;
export type ResolvedDefinition = { [Kind in ObjectiveKind]: ResolvedOf<Kind> }[ObjectiveKind];

/** True where a teacher takes part. */
export function isDistilling<Definition extends { readonly kind: ObjectiveKind }>(
  objective: Definition,
): objective is Exclude<Definition, { readonly kind: 'ce' }> {
  return objective.kind !== 'ce';
}
