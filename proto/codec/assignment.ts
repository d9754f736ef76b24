import type { TrialAssignment } from '../../core/assignment.ts';
import type { CheckpointRef } from '../../core/checkpoint.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { taskDefinitionSchema } from '../../core/task.ts';
import type { Assign, Checkpoint } from '../gen/abkd/v1/worker.ts';
import { attemptFromWire, attemptToWire, maxInteger } from './attempt.ts';

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
    checkpoint: assignment.checkpoint ?? undefined,
    ...(assignment.untilStep === null ? {} : { untilStep: assignment.untilStep }),
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
    checkpoint: wire.checkpoint === undefined ? null : checkpointFromWire(wire.checkpoint),
    untilStep: wire.untilStep ?? null,
  };
}

/** @throws {AbkdError} BAD_REQUEST when it names no step or no content */
export function checkpointFromWire(wire: Checkpoint | undefined): CheckpointRef {
  if (wire === undefined || wire.step < 1 || wire.step > maxInteger || !/^[0-9a-f]{64}$/.test(wire.sha256)) {
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot read checkpoint: expected a step from 1 and a sha256 in lower-case hex, got ${JSON.stringify(wire ?? null)}`,
    );
  }
  return { step: wire.step, sha256: wire.sha256, sizeBytes: wire.sizeBytes };
}
