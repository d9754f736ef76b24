import { randomUUID } from 'node:crypto';
import type { TrialAssignment } from '../../core/assignment.ts';
import type { SweepId, TaskId, TrialId } from '../../core/ids.ts';
import type { RunDefinition, TaskDefinition } from '../../core/task.ts';

type NoopRun = Extract<RunDefinition, { kind: 'noop' }>;

/** A complete task definition whose trials only wait. */
export function noopDefinition(run: Partial<NoopRun> = {}): TaskDefinition {
  return {
    dataset: 'mnist',
    protocol: 'classification',
    teacher: null,
    student: { model: 'cnn-s', weights: null },
    objective: {
      kind: 'abkd',
      temperature: 4,
      weight: 1,
      ceWeight: 1,
      scale: 'raw',
      compat: 'exact',
      alpha: null,
      beta: null,
    },
    metric: 'top1',
    selectOn: 'val',
    checkpoint: 'last',
    training: {
      epochs: 1,
      batchSize: 8,
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      schedule: 'constant',
      lrWarmupEpochs: 0,
      augment: 'none',
      augmentDraw: 'replicate',
      dropLast: false,
      teacherOutputs: 'auto',
      imageSize: 28,
      limitTrain: null,
      limitVal: null,
      limitTest: null,
    },
    run: { kind: 'noop', durationMs: 100, steps: 2, failure: 'none', ...run },
    splitSeed: 1,
  };
}

/** An assignment of such a trial under a fresh id. */
export function noopAssignment(run: Partial<NoopRun> = {}, taskId = randomUUID() as TaskId): TrialAssignment {
  return {
    trialId: randomUUID() as TrialId,
    attempt: 1,
    sweepId: randomUUID() as SweepId,
    taskId,
    definition: noopDefinition(run),
    params: { alpha: 0.5, beta: 0.5 },
    seed: 7,
    replicate: 0,
    timeoutMs: 60_000,
    checkpoint: null,
    untilStep: null,
  };
}
