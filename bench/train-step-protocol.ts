import { z } from 'zod';
import { backendNames } from '../worker/tf/backend.ts';

/** What ours and peers/train_step.py say, and only these; `spec` is their argument. */
export interface TrainStepWork {
  readonly model: string;
  readonly batch: number;
  readonly shape: { readonly imageSize: number; readonly channels: number; readonly classes: number };
}

/** First line, after two steps that warm up and one that is timed. */
export const peerReadySchema = z.object({ parameters: z.int(), stepSec: z.number().positive() });

export const readySchema = peerReadySchema.extend({
  backend: z.enum(backendNames),
  isHardware: z.boolean(),
});

/** Answer to `{ "run": steps }`; processor time of all threads. */
export const timesSchema = z.object({ seconds: z.number().positive(), cpuSeconds: z.number().nonnegative() });

/** Answer to `{ "profile": steps }` of ours; null where calls return before the work is done. */
export const profileSchema = z.object({
  peakMb: z.number().positive(),
  shares: z.record(z.string(), z.number()).nullable(),
  kernels: z.record(z.string(), z.number()).nullable(),
});
