import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingDefinition } from '../../core/task.ts';
import type { ImageBatch } from '../data/batches.ts';
import type { Classifier } from '../models/classifier.ts';
import { stateOf } from '../models/weights/load.ts';
import type { TrialContext } from '../trial/context.ts';
import type { TrainingState } from './checkpoint.ts';
import { createOptimizer, type OptimizerSettings } from './create-optimizer.ts';
import { type ImageReader, imagesOf } from './images.ts';
import { createLossLog, type EpochLosses } from './loss-log.ts';
import type { LossTerms } from './objective.ts';
import type { Optimizer } from './optimizer.ts';
import { rateFactor } from './schedule.ts';

export interface TrainingRun {
  readonly model: Classifier;
  readonly images: ImageReader;
  /** Loss of a batch for the model's logits on it, in an epoch from 1. Called inside a tidy scope. */
  readonly lossOf: (logits: Tensor2D, batch: ImageBatch, epoch: number) => LossTerms;
  readonly settings: OptimizerSettings & Pick<TrainingDefinition, 'epochs' | 'lr' | 'schedule' | 'lrWarmupEpochs'>;
  /** Decides the order of the images. */
  readonly seed: number;
  /** May put back the state that the same run had after an epoch, which it returns; 0 = begin at the start. */
  readonly restore?: (state: TrainingState) => Promise<number>;
  readonly context: Pick<TrialContext, 'signal' | 'yieldNow'>;
}

/** An epoch, from 1: its training losses and what it left. */
export interface TrainedEpoch extends EpochLosses {
  readonly epoch: number;
  /** Model and optimizer after the epoch; changes as soon as training goes on. */
  readonly state: TrainingState;
}

/**
 * Trains the model in place and yields after each epoch, when it may be evaluated. Between epochs only the parameters
 * and the optimizer's state are kept. The same run gives the same parameters on the same backend, and so does one that
 * goes on from a restored state: order and augmentation of the images depend on seed and epoch alone.
 * @throws {TrialError} NAN_LOSS naming epoch and step
 * @throws the signal's reason when it aborts
 */
export async function* trainEpochs(run: TrainingRun): AsyncGenerator<TrainedEpoch, void, undefined> {
  const { settings, images, context } = run;
  const optimizer = createOptimizer(run.model.parameters, settings);
  const length = {
    totalSteps: settings.epochs * images.batchesPerEpoch,
    warmupSteps: settings.lrWarmupEpochs * images.batchesPerEpoch,
  };
  try {
    const state = stateOfTraining(run.model, optimizer);
    const done = (await run.restore?.(state)) ?? 0;
    for (let epoch = done + 1, step = done * images.batchesPerEpoch; epoch <= settings.epochs; epoch += 1) {
      using log = createLossLog(epoch);
      for await (const batch of images.shuffled(run.seed, epoch)) {
        context.signal.throwIfAborted();
        const rate = settings.lr * rateFactor(settings.schedule, step, length);
        await log.add(trainStep(run, optimizer, batch, { epoch, rate }), batch.count);
        step += 1;
        await context.yieldNow();
      }
      yield { epoch, ...(await log.summarise()), state };
    }
  } finally {
    optimizer.dispose();
  }
}

function stateOfTraining(model: Classifier, optimizer: Optimizer): TrainingState {
  const named = (owner: string, variables: TrainingState) =>
    [...variables].map(([name, variable]) => [`${owner}.${name}`, variable] as const);
  return new Map([...named('model', stateOf(model)), ...named('optimizer', optimizer.state)]);
}

/** One gradient step. The caller disposes the loss terms. */
export function trainStep(
  run: Pick<TrainingRun, 'model' | 'images' | 'lossOf'>,
  optimizer: Optimizer,
  batch: ImageBatch,
  { epoch, rate }: { readonly epoch: number; readonly rate: number },
): LossTerms {
  const { model, images } = run;
  const divergences: Scalar[] = [];
  const loss = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.forward(imagesOf(batch, images.shape), { training: true });
      const terms = run.lossOf(logits, batch, epoch);
      if (terms.divergence !== null) divergences.push(tf.keep(terms.divergence));
      return terms.loss;
    }, [...model.parameters]);
    optimizer.step(grads, rate);
    return value;
  });
  return { loss, divergence: divergences[0] ?? null };
}
