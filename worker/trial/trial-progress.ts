import type { TrialAssignment } from '../../core/assignment.ts';
import { messageOf } from '../../core/errors.ts';
import { lossKernelId } from '../../core/kernel.ts';
import { hashOf } from '../../core/spec/canonical.ts';
import { systemClock } from '../../platform/clock.ts';
import {
  captureCheckpoint,
  type RunIdentity,
  restoreCheckpoint,
  type TrainingState,
  type TrialProgress,
} from '../distill/checkpoint.ts';
import { activeBackend } from '../tf/backend.ts';
import type { TrialContext } from './context.ts';

/** The values of an epoch, in the metric's unit. */
export type EpochValues = TrialProgress['chosen'];

/** How far a trial has come, over all its attempts. */
export interface ProgressTracker {
  /** Puts back what an earlier attempt left, where this one can go on from it; the epochs that are done. */
  restore(state: TrainingState): Promise<number>;
  /** Counts an epoch that was reported, and offers the state after it to whoever goes on. */
  advance(values: EpochValues, state: TrainingState): Promise<void>;
  /** The epoch whose values count; null before the first. */
  chosen(): EpochValues | null;
  /** Time that went into the epochs, over all attempts. */
  trainSeconds(): number;
}

/** Begins now. @param teacherSha256 the teacher that this attempt learns from; null = none */
export async function trackProgress(context: TrialContext, teacherSha256: string | null): Promise<ProgressTracker> {
  const { assignment, resume } = context;
  const { epochs } = assignment.definition.training;
  const identity = await identify(assignment, teacherSha256);
  const startedMs = systemClock.now();
  let earlierSeconds = 0;
  let chosen: EpochValues | null = null;
  const trainSeconds = () => earlierSeconds + (systemClock.now() - startedMs) / 1000;
  return {
    chosen: () => chosen,
    trainSeconds,
    restore: async (state) => {
      if (resume === null) return 0;
      try {
        const progress = await restoreCheckpoint(resume.path, identity, state);
        earlierSeconds = progress.trainSeconds;
        chosen = progress.chosen;
        context.phase(`resumed from epoch ${progress.epoch}/${epochs}`);
        return progress.epoch;
      } catch (error) {
        context.warn(`The trial starts at the start, not after epoch ${resume.step}: ${messageOf(error)}`);
        return 0;
      }
    },
    advance: async (values, state) => {
      if (chosen === null || counts(values, chosen, assignment)) chosen = values;
      const progress = { epoch: values.epoch, chosen, trainSeconds: trainSeconds() };
      // After the last epoch there is nothing to go on with.
      if (values.epoch === epochs) return;
      await context.checkpoint(values.epoch, () => captureCheckpoint(state, identity, progress));
    },
  };
}

async function identify(
  { definition, params, seed }: TrialAssignment,
  teacherSha256: string | null,
): Promise<RunIdentity> {
  const { backend, backendVersion } = await activeBackend();
  const trial = hashOf({ definition, params, seed });
  return { format: 1, trial, teacherSha256, kernelId: lossKernelId, backend, backendVersion };
}

/** Of equally good epochs the first counts. */
function counts(values: EpochValues, chosen: EpochValues, { definition }: TrialAssignment): boolean {
  return definition.checkpoint === 'last' || values.selectionValue > chosen.selectionValue;
}
