import type { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';
import {
  type ObjectiveDefinition,
  objectiveSchema,
  type TaskDefinition,
  type TrainingDefinition,
  trainingSchema,
} from '../../core/task.ts';

/** Numbers of the objective and of the training that a point may set. */
const objectiveParams = ['alpha', 'beta', 'temperature', 'weight', 'ceWeight'] as const;
const trainingParams = ['lr', 'momentum', 'weightDecay'] as const;

/** A task's objective and training as one trial runs them. */
export interface ResolvedTrial {
  readonly objective: ObjectiveDefinition;
  readonly training: TrainingDefinition;
}

/**
 * Lays the parameters of a point over the task's fixed values.
 * @throws {AbkdError} INVALID_SPEC for a parameter that no objective has, a value out of range, or an `abkd` objective
 * without alpha or beta
 */
export function resolveTrial(
  { objective, training }: Pick<TaskDefinition, 'objective' | 'training'>,
  params: Readonly<Record<string, number>>,
): ResolvedTrial {
  const known: readonly string[] = [...objectiveParams, ...trainingParams];
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`there is no parameter "${unknown}", expected one of ${known.join(', ')}`);
  const resolved = {
    objective: objectiveSchema.safeParse({ ...objective, ...pick(params, objectiveParams) }),
    training: trainingSchema.safeParse({ ...training, ...pick(params, trainingParams) }),
  };
  if (!resolved.objective.success) throw invalid(describe(resolved.objective.error));
  if (!resolved.training.success) throw invalid(describe(resolved.training.error));
  const { kind, alpha, beta } = resolved.objective.data;
  if (kind === 'abkd' && (alpha === null || beta === null)) {
    throw invalid(`alpha is ${alpha} and beta is ${beta}, expected numbers`);
  }
  return { objective: resolved.objective.data, training: resolved.training.data };
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
