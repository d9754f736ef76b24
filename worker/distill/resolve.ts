import type { z } from 'zod';
import { parameterNames } from '../../core/catalog/parameters.ts';
import { AbkdError } from '../../core/errors.ts';
import { objectiveSchema, type ResolvedDefinition } from '../../core/objective.ts';
import { deriveSeed } from '../../core/random.ts';
import { canonicalJson } from '../../core/spec/canonical.ts';
import { type TaskDefinition, type TrainingDefinition, trainingSchema } from '../../core/task.ts';
import type { Augmentation } from '../data/augment.ts';

/** Numbers of the training that a point may set. */
const trainingParams = ['lr', 'momentum', 'weightDecay'] as const;

/** A task's objective and training as one trial runs them. */
export interface ResolvedTrial {
  readonly objective: ResolvedDefinition;
  readonly training: TrainingDefinition;
}

/**
 * Lays the parameters of a point over the task's fixed values.
 * @throws {AbkdError} INVALID_SPEC for a parameter that neither the objective nor the training has, a value out of
 * range, or a field of the objective that is still open
 */
export function resolveTrial(
  { objective, training }: Pick<TaskDefinition, 'objective' | 'training'>,
  params: Readonly<Record<string, number>>,
): ResolvedTrial {
  const own = parameterNames.filter((name) => name in objective);
  const known: readonly string[] = [...own, ...trainingParams];
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${objective.kind} has no parameter "${unknown}", expected one of ${known.join(', ')}`);
  }
  const resolved = {
    objective: objectiveSchema.safeParse({ ...objective, ...pick(params, own) }),
    training: trainingSchema.safeParse({ ...training, ...pick(params, trainingParams) }),
  };
  if (!resolved.objective.success) throw invalid(describe(resolved.objective.error));
  if (!resolved.training.success) throw invalid(describe(resolved.training.error));
  const open = Object.entries(resolved.objective.data).find(([, value]) => value === null);
  if (open !== undefined) throw invalid(`${open[0]} of ${objective.kind} is open, expected a number`);
  // Nothing is null any more, which is all that the two types differ in.
  return { objective: resolved.objective.data as ResolvedDefinition, training: resolved.training.data };
}

/**
 * How a trial varies its training images; null = not at all. `augmentDraw: replicate` depends on the replicate's seed
 * alone, so that it is the same at every point and under every objective.
 */
export function augmentationOf(
  objective: TaskDefinition['objective'],
  { augment, augmentDraw }: Pick<TrainingDefinition, 'augment' | 'augmentDraw'>,
  { params, seed }: { readonly params: Readonly<Record<string, number>>; readonly seed: number },
): Augmentation | null {
  if (augment === 'none') return null;
  const own = augmentDraw === 'trial' ? [canonicalJson({ objective, params })] : [];
  return { kind: augment, seed: deriveSeed('augment', seed, ...own) };
}

function pick(params: Readonly<Record<string, number>>, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => names.includes(name)));
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

function invalid(problem: string): AbkdError {
  return new AbkdError('INVALID_SPEC', `Cannot run trial: ${problem}`);
}
