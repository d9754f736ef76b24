import { z } from 'zod';
import { backendNames } from './backend.ts';

/** What a backend did when it was tried: the message of a probe process that came to its end. */
export const probeMessageSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('works'),
    version: z.string(),
    device: z.string(),
    /** A small CNN learned something in a few steps. */
    trainsConv: z.boolean(),
    matmulGflops: z.number(),
    convForwardGflops: z.number(),
    convTrainImagesPerSec: z.number(),
  }),
  z.strictObject({ outcome: z.literal('fails'), reason: z.string() }),
]);

export type ProbeMessage = z.infer<typeof probeMessageSchema>;

/** The one argument of a probe process. */
export const probedNameSchema = z.enum(backendNames);
