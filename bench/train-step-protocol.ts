import { z } from 'zod';
import { backendNames } from '../worker/tf/backend.ts';

/** What ours and peers/train_step.py say, and only these; `spec` is their argument. */
export interface TrainStepWork {
  readonly model: string;
  readonly batch: number;
  readonly shape: { readonly imageSize: number; readonly channels: number; readonly classes: number };
}

/** Ours' first line, after two steps that warm up and one that is timed. */
export const readySchema = z.object({
  parameters: z.int(),
  stepSec: z.number().positive(),
  backend: z.enum(backendNames),
  isHardware: z.boolean(),
});

/** The peer's first line: images a second of processor time in each of its memory layouts; it takes the faster. */
export const peerReadySchema = z.object({ parameters: z.int(), layouts: z.record(z.string(), z.number()) });

/** Answer to `{ "profile": steps }` of ours; null where calls return before the work is done. */
export const profileSchema = z.object({
  peakMb: z.number().positive(),
  shares: z.record(z.string(), z.number()).nullable(),
  kernels: z.record(z.string(), z.number()).nullable(),
});
