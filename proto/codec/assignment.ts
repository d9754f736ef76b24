import type { TrialAssignment } from '../../core/assignment.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { taskDefinitionSchema } from '../../core/task.ts';
import type { Assign } from '../gen/abkd/v1/worker.ts';
import { attemptFromWire, attemptToWire } from './attempt.ts';

export function assignmentToWire(assignment: TrialAssignment): Assign {
  return {
    attempt: attemptToWire(assignment),
    sweepId: assignment.sweepId,
    taskId: assignment.taskId,
    taskDefinition: JSON.stringify(assignment.definition),
    params: { ...assignment.params },
    seed: assignment.seed,
    replicate: assignment.replicate,
    timeoutMs: assignment.timeoutMs,
  };
}

/** @throws {AbkdError} BAD_REQUEST when the task definition is not one that this version knows */
export function assignmentFromWire(wire: Assign): TrialAssignment {
  const key = attemptFromWire(wire.attempt);
  const definition = taskDefinitionSchema.safeParse(JSON.parse(wire.taskDefinition));
  if (!definition.success) {
    const { path, message } = definition.error.issues[0]!;
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot run trial "${key.trialId}": task definition, ${path.join('.')}: ${message}`,
    );
  }
  return {
    ...key,
    sweepId: wire.sweepId as SweepId,
    taskId: wire.taskId as TaskId,
    definition: definition.data,
    params: wire.params,
    seed: wire.seed,
    replicate: wire.replicate,
    timeoutMs: wire.timeoutMs,
  };
}
