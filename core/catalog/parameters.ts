import type { ObjectiveKind } from '../objective.ts';
import { objectiveHas, objectiveKinds } from './objectives.ts';

/** A scalar that may be searched: where it lives, what it is, and the range in which it means something. */
export interface ParameterEntry {
  readonly title: string;
  /** Whether it is a field of the objective or of the training. */
  readonly owner: 'objective' | 'training';
  readonly min: number;
  readonly max: number;
  /** True where `min` itself is not allowed. */
  readonly aboveMin: boolean;
}

function ofObjective(title: string, min: number, max: number, aboveMin = false): ParameterEntry {
  return { title, owner: 'objective', min, max, aboveMin };
}

function ofTraining(title: string, min: number, max: number, aboveMin = false): ParameterEntry {
  return { title, owner: 'training', min, max, aboveMin };
}

/**
 * Beyond +-5 for exponents, single-precision powers of ordinary probabilities overflow; published searches stay within
 * -0.5 and 1.6. The mixtures end before they are all teacher or all student, where their divergences are 0.
 */
export const parameters = {
  alpha: ofObjective('power of the teacher probabilities in the AB divergence', -5, 5),
  beta: ofObjective('power of the student probabilities in the AB divergence', -5, 5),
  temperature: ofObjective('softmax temperature of teacher and student', 0, 1000, true),
  weight: ofObjective('weight of the divergence term', 0, 1e6),
  ceWeight: ofObjective('weight of the cross-entropy with the labels', 0, 1e6),
  teacherShare: ofObjective('share of the teacher in the mixture of the Jensen-Shannon divergence', 0.001, 0.999),
  skew: ofObjective('share of the own distribution in the mixture of a skew divergence', 0, 0.999),
  forwardWeight: ofObjective('weight of forward KL in the weighted sum', 0, 1000),
  reverseWeight: ofObjective('weight of reverse KL in the weighted sum', 0, 1000),
  headMass: ofObjective('probability that the head of adaptive KL may have together', 0, 1, true),
  boost: ofObjective('weight of the divergence that balanced divergence favours', 0, 1000, true),
  alphaMinus: ofObjective('first alpha of the two alpha-divergences', -5, 5),
  alphaPlus: ofObjective('second alpha of the two alpha-divergences', -5, 5),
  dkdAlpha: ofObjective('weight of the target class in decoupled KD', 0, 1000),
  dkdBeta: ofObjective('weight of the other classes in decoupled KD', 0, 1000),
  warmupEpochs: ofObjective('epochs over which decoupled KD grows to its full weight', 0, 10_000),
  gamma: ofObjective('power on the teacher probabilities in transformed teacher matching', 0, 10, true),
  lr: ofTraining('learning rate', 0, 100, true),
  momentum: ofTraining('momentum of SGD', 0, 1),
  weightDecay: ofTraining('weight decay', 0, 1),
} as const satisfies Readonly<Record<string, ParameterEntry>>;

export type ParameterName = keyof typeof parameters;
export const parameterNames = Object.keys(parameters) as readonly ParameterName[];

/** Parameters that are fields of some objective. */
export const objectiveParameterNames = parameterNames.filter((name) => parameters[name].owner === 'objective');

export function parameterEntry(name: ParameterName): ParameterEntry {
  return parameters[name];
}

/** True where a search under the objective may move the parameter. */
export function isParameterOf(name: ParameterName, kind: ObjectiveKind): boolean {
  return parameterEntry(name).owner === 'training' || objectiveHas(kind, name);
}

/** The objectives under which the parameter may be searched. */
export function objectivesWith(name: ParameterName): readonly ObjectiveKind[] {
  return objectiveKinds.filter((kind) => isParameterOf(name, kind));
}

/** True where the value lies in the range of the parameter. */
export function isInRange(name: ParameterName, value: number): boolean {
  const { min, max, aboveMin } = parameterEntry(name);
  return value <= max && (aboveMin ? value > min : value >= min);
}

/** The range for messages: `above 0 and at most 1000`. */
export function describeRange(name: ParameterName): string {
  const { min, max, aboveMin } = parameterEntry(name);
  return aboveMin ? `above ${min} and at most ${max}` : `from ${min} to ${max}`;
}
