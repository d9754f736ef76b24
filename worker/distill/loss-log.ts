import type { Scalar } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { TrialError } from '../trial/failure.ts';
import type { LossTerms } from './objective.ts';

/** Means over the images of an epoch. */
export interface EpochLosses {
  readonly loss: number;
  /** Null where the objective has no divergence. */
  readonly divergence: number | null;
}

export interface LossLog extends Disposable {
  /**
   * Takes over the loss terms of the next step, a mean over `count` images.
   * @throws {TrialError} NAN_LOSS naming the step, this one or one of the few before it
   */
  add(terms: LossTerms, count: number): Promise<void>;
  /** @throws {TrialError} NAN_LOSS as `add` */
  summarise(): Promise<EpochLosses>;
}

/** Steps between two reads: reading a value makes an accelerator wait, losing 16 steps to a NaN costs nothing. */
const stepsPerRead = 16;

/** Adds up the losses of an epoch in float64 and watches that they stay finite. */
export function createLossLog(epoch: number): LossLog {
  let pending: { readonly terms: LossTerms; readonly count: number }[] = [];
  let stepsRead = 0;
  let images = 0;
  let loss = 0;
  let divergence: number | null = null;

  const read = async () => {
    if (pending.length === 0) return;
    const losses = await readAll(pending.map(({ terms }) => terms.loss));
    const divergences = await readAll(pending.flatMap(({ terms }) => terms.divergence ?? []));
    for (const [index, { count }] of pending.entries()) {
      stepsRead += 1;
      assertFinite(losses[index]!, epoch, stepsRead);
      images += count;
      loss += count * losses[index]!;
      if (divergences.length > 0) divergence = (divergence ?? 0) + count * divergences[index]!;
    }
    disposePending();
  };
  const disposePending = () => {
    for (const { terms } of pending) tf.dispose([terms.loss, ...(terms.divergence ? [terms.divergence] : [])]);
    pending = [];
  };
  return {
    add: async (terms, count) => {
      pending.push({ terms, count });
      if (pending.length >= stepsPerRead) await read();
    },
    summarise: async () => {
      await read();
      return { loss: loss / images, divergence: divergence === null ? null : divergence / images };
    },
    [Symbol.dispose]: disposePending,
  };
}

async function readAll(scalars: readonly Scalar[]): Promise<ArrayLike<number>> {
  if (scalars.length === 0) return [];
  const together = tf.stack([...scalars]);
  const values = await together.data();
  together.dispose();
  return values;
}

function assertFinite(loss: number, epoch: number, step: number): void {
  if (!Number.isFinite(loss)) throw new TrialError('NAN_LOSS', `The loss is ${loss} at epoch ${epoch}, step ${step}`);
}
