import { byteSize, grouped } from '../../core/quantity.ts';
import type { TrainingDefinition } from '../../core/task.ts';
import { TrialError } from '../trial/failure.ts';
import { type LogitShape, logitFileBytes } from './logit-rows.ts';

/** How a trial gets its teacher's outputs. */
export interface OutputsMode {
  /** Read from files of the host, else computed in every step. */
  readonly cached: boolean;
  /** What was chosen and why, for people. */
  readonly reason: string;
}

export interface OutputsSize extends LogitShape {
  /** Replicate of the trial, from 0. */
  readonly replicate: number;
  /** Bound of the host's cache folder. */
  readonly cacheBytes: number;
}

/**
 * Cached where the task wants it so; where it leaves the choice, if the outputs are the same in every trial of a
 * replicate and those of all epochs fit into the cache, together with those of the replicates before: files that push
 * each other out would be computed again in every trial.
 * @throws {TrialError} EXCEPTION where they are to be cached and cannot be
 */
export function chooseOutputsMode(
  training: Pick<TrainingDefinition, 'teacherOutputs' | 'augment' | 'augmentDraw' | 'epochs'>,
  size: OutputsSize,
): OutputsMode {
  const { teacherOutputs, augment, augmentDraw } = training;
  if (teacherOutputs === 'live') return live('as the task wants');
  const isDrawnPerTrial = augment !== 'none' && augmentDraw === 'trial';
  const files = augment === 'none' ? 1 : training.epochs;
  const bytes = files * logitFileBytes(size);
  const wants = `${describeFiles(files, size)} take ${byteSize(bytes)}`;
  const has = `the cache may hold ${byteSize(size.cacheBytes)}`;
  if (teacherOutputs === 'auto') {
    if (isDrawnPerTrial) return live('each trial draws its own images');
    const replicates = augment === 'none' ? 1 : size.replicate + 1;
    const fits = replicates * bytes <= size.cacheBytes;
    return fits
      ? cached(bytes)
      : live(`${wants}${replicates === 1 ? '' : ` in each of ${replicates} replicates`}, ${has}`);
  }
  if (isDrawnPerTrial) {
    throw refused(
      'with augmentDraw "trial" each trial draws its own images, so that outputs of one are wrong for another, expected augmentDraw "replicate"',
    );
  }
  if (bytes <= size.cacheBytes) return cached(bytes);
  throw refused(`${wants}, ${has}, expected ABKD_CACHE_GB of at least ${Math.ceil(bytes / 1e8) / 10} on this worker`);
}

function describeFiles(files: number, { images, classes }: LogitShape): string {
  const epochs = files === 1 ? '' : `${grouped(files)} epochs of `;
  return `outputs for ${epochs}${grouped(images)} images in ${grouped(classes)} classes`;
}

function cached(bytes: number): OutputsMode {
  return { cached: true, reason: `teacher outputs cached (${byteSize(bytes)})` };
}

function live(why: string): OutputsMode {
  return { cached: false, reason: `teacher runs live (${why})` };
}

function refused(problem: string): TrialError {
  return new TrialError('EXCEPTION', `Cannot cache teacher outputs: ${problem}, or teacherOutputs "live"`);
}
