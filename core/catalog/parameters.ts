import type { ObjectiveKind } from '../task.ts';

/** A scalar that may be searched: where it lives, what it is, and the range in which it means something. */
export interface ParameterEntry {
  readonly title: string;
  /** Whether it is a field of the objective or of the training. */
  readonly owner: 'objective' | 'training';
  /** Objectives that have it. */
  readonly kinds: readonly ObjectiveKind[];
  readonly min: number;
  readonly max: number;
  /** True where `min` itself is not allowed. */
  readonly aboveMin: boolean;
}

const distilling: readonly ObjectiveKind[] = ['abkd', 'kd'];
const every: readonly ObjectiveKind[] = ['abkd', 'kd', 'ce'];

/**
 * Beyond +-5 for alpha and beta, single-precision exponents of ordinary probabilities overflow; published searches
 * stay within -0.5 and 1.6.
 */
export const parameters = {
  alpha: {
    title: 'power of the teacher probabilities in the AB divergence',
    owner: 'objective',
    kinds: ['abkd'],
    min: -5,
    max: 5,
    aboveMin: false,
  },
  beta: {
    title: 'power of the student probabilities in the AB divergence',
    owner: 'objective',
    kinds: ['abkd'],
    min: -5,
    max: 5,
    aboveMin: false,
  },
  temperature: {
    title: 'softmax temperature of teacher and student',
    owner: 'objective',
    kinds: distilling,
    min: 0,
    max: 1000,
    aboveMin: true,
  },
  weight: {
    title: 'weight of the divergence term',
    owner: 'objective',
    kinds: distilling,
    min: 0,
    max: 1e6,
    aboveMin: false,
  },
  ceWeight: {
    title: 'weight of the cross-entropy with the labels',
    owner: 'objective',
    kinds: distilling,
    min: 0,
    max: 1e6,
    aboveMin: false,
  },
  lr: { title: 'learning rate', owner: 'training', kinds: every, min: 0, max: 100, aboveMin: true },
  momentum: { title: 'momentum of SGD', owner: 'training', kinds: every, min: 0, max: 1, aboveMin: false },
  weightDecay: { title: 'weight decay', owner: 'training', kinds: every, min: 0, max: 1, aboveMin: false },
} as const satisfies Readonly<Record<string, ParameterEntry>>;

export type ParameterName = keyof typeof parameters;
export const parameterNames = Object.keys(parameters) as readonly ParameterName[];

export function parameterEntry(name: ParameterName): ParameterEntry {
  return parameters[name];
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
