/** Training that is left after an epoch and gone on with from a file gives what it would have given undisturbed. */
import { randomUUID } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { TrainingDefinition } from '../../core/task.ts';
import type { ImageBatch } from '../../worker/data/batches.ts';
import type { ImageDataset } from '../../worker/data/source.ts';
import {
  captureCheckpoint,
  type RunIdentity,
  restoreCheckpoint,
  type TrainingState,
} from '../../worker/distill/checkpoint.ts';
import { createImageReader, labelsOf } from '../../worker/distill/images.ts';
import { labelsOnly, objectiveLoss } from '../../worker/distill/objective.ts';
import { trainEpochs } from '../../worker/distill/trainer.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { readSafetensors, writeSafetensors } from '../../worker/models/weights/safetensors.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { createCheckpointKeeper } from '../../worker/trial/checkpoint-keeper.ts';
import type { WriteState } from '../../worker/trial/context.ts';
import type { FromTrialProcess } from '../../worker/trial/messages.ts';
import { temporaryFolder } from '../support/datasets.ts';

await initBackend('wasm');
const folder = await temporaryFolder();
afterAll(() => folder[Symbol.asyncDispose]());
const newPath = () => join(folder.path, randomUUID());

const identity: RunIdentity = {
  format: 1,
  trial: 'a trial',
  teacherSha256: null,
  kernelId: 'ab-1',
  backend: 'wasm',
  backendVersion: '4.22.0',
};
const progressAt = (epoch: number) => ({
  epoch,
  chosen: { epoch: 1, selectionValue: 100 / 3, testValue: 0.1 + 0.2 },
  trainSeconds: 1.25,
});

/** 24 images of 8x8 with noise for content. */
function noise(): ImageDataset {
  const random = createRandom(1);
  const pixels = Array.from({ length: 24 }, () => Uint8Array.from({ length: 64 }, () => random.integer(256)));
  const part = {
    count: 24,
    labels: Int32Array.from({ length: 24 }, (_, index) => index % 3),
    readPixels: async (indices: ArrayLike<number>, out: Uint8Array) => {
      for (let slot = 0; slot < indices.length; slot += 1) out.set(pixels[indices[slot]!]!, slot * 64);
    },
  };
  return {
    ...{ name: 'noise', description: 'noise', identity: 'noise/8px', classNames: ['a', 'b', 'c'] },
    ...{ height: 8, width: 8, channels: 1, normalisation: { mean: [0.5], std: [0.25] } },
    ...{ train: part, val: null, test: part },
  };
}

interface Run {
  readonly optimizer: TrainingDefinition['optimizer'];
  /** Of the first weights. */
  readonly modelSeed: number;
  readonly restore?: (state: TrainingState) => Promise<number>;
  readonly afterEpoch?: (epoch: number, state: TrainingState) => Promise<void>;
}

/** Four epochs of a ResNet-8 with batch norm on augmented images; losses by epoch, and the bits of the final state. */
async function train({ optimizer, modelSeed, restore, afterEpoch }: Run) {
  const dataset = noise();
  const model = createClassifier('resnet8', { imageSize: 8, channels: 1, classes: 3 }, modelSeed);
  const losses = new Map<number, number>();
  let final: ReadonlyMap<string, unknown> = new Map();
  const run = {
    model,
    images: createImageReader(dataset, dataset.train, {
      batchSize: 9,
      augmentation: { kind: 'cropFlip' as const, seed: 5 },
    }),
    lossOf: (studentLogits: Tensor2D, batch: ImageBatch, epoch: number) =>
      objectiveLoss(labelsOnly, { teacherLogits: null, studentLogits, labels: labelsOf(batch), epoch }),
    settings: {
      ...{ epochs: 4, optimizer, lr: 0.01, momentum: 0.9, weightDecay: 5e-4 },
      ...{ schedule: 'cosine' as const, lrWarmupEpochs: 1 },
    },
    seed: 7,
    ...(restore === undefined ? {} : { restore }),
    context: { signal: new AbortController().signal, yieldNow: () => Promise.resolve() },
  };
  try {
    for await (const { epoch, loss, state } of trainEpochs(run)) {
      losses.set(epoch, loss);
      await afterEpoch?.(epoch, state);
      final = await bitsOf(state);
    }
    return { losses, final };
  } finally {
    model.dispose();
  }
}

async function bitsOf(state: TrainingState): Promise<ReadonlyMap<string, unknown>> {
  const entries = [...state].map(async ([name, variable]) => {
    const { buffer, byteOffset, byteLength } = await variable.data();
    return [name, Buffer.from(buffer, byteOffset, byteLength).toString('hex')] as const;
  });
  return new Map(await Promise.all(entries));
}

describe('a checkpoint', () => {
  it.each(['sgd', 'adamw'] as const)(
    'lets a training with %s go on bit for bit, in another model',
    async (optimizer) => {
      const tensorsBefore = tf.memory().numTensors;
      let write: WriteState | null = null;
      const straight = await train({
        ...{ optimizer, modelSeed: 1 },
        afterEpoch: async (epoch, state) => {
          if (epoch === 2) write = await captureCheckpoint(state, identity, progressAt(2));
        },
      });
      // Written after training went on: what was captured is a copy.
      const path = newPath();
      await write!(path);
      const restored: unknown[] = [];
      const resumed = await train({
        ...{ optimizer, modelSeed: 2 },
        restore: async (state) => {
          const progress = await restoreCheckpoint(path, identity, state);
          restored.push(progress);
          return progress.epoch;
        },
      });
      expect(restored).toEqual([progressAt(2)]);
      expect(straight.losses.size).toBe(4);
      expect([...resumed.losses]).toEqual([...straight.losses].slice(2));
      expect([...straight.final.keys()].some((name) => name.endsWith('.running_var'))).toBe(true);
      expect([...straight.final.keys()].some((name) => name.startsWith('optimizer.'))).toBe(true);
      expect(resumed.final).toEqual(straight.final);
      expect(tf.memory().numTensors).toBe(tensorsBefore);
    },
  );

  const variables = () =>
    new Map<string, tf.Variable>([
      ['model.w', tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]), false)],
      ['optimizer.steps', tf.variable(tf.scalar(7, 'int32'), false)],
    ]);

  async function savedFile(): Promise<string> {
    const path = newPath();
    const state = variables();
    await (await captureCheckpoint(state, identity, progressAt(3)))(path);
    tf.dispose([...state.values()]);
    return path;
  }
  const rewritten = async (path: string, change: (metadata: string) => string, tensors = 'model.w') => {
    const file = readSafetensors(await readFile(path));
    const metadata = { 'abkd.checkpoint': change(file.metadata['abkd.checkpoint']!) };
    await writeFile(path, writeSafetensors({ tensors: new Map([[tensors, file.tensors.get('model.w')!]]), metadata }));
  };

  it.each<readonly [string, (path: string) => Promise<unknown>, RegExp]>([
    ['is cut off', (path) => truncate(path, 200), /safetensors/],
    ['is gone', (path) => writeFile(path, ''), /safetensors/],
    ['is larger than the state', (path) => writeFile(path, Buffer.alloc(200_000)), /200000 bytes, expected at most/],
    ['has no metadata', (path) => rewritten(path, () => ''), /metadata is not JSON/],
    ['has metadata of another kind', (path) => rewritten(path, () => '{"epoch":3}'), /metadata is malformed/],
    ['has half a step', (path) => rewritten(path, (text) => text.replace('"epoch":3', '"epoch":2.5')), /malformed/],
    ['is of another trial', (path) => rewritten(path, (text) => text.replace('a trial', 'b')), /its trial is b/],
    ['is of another backend', (path) => rewritten(path, (text) => text.replace('wasm', 'cpu')), /its backend is cpu/],
    ['has another tensor', (path) => rewritten(path, (text) => text, 'model.v'), /tensor "model.v" is unexpected/],
    [
      'has no step count',
      (path) => rewritten(path, (text) => text.replace('[7]', '[]')),
      /"optimizer.steps" is missing/,
    ],
  ])('that %s is refused and changes nothing', async (_, damage, reason) => {
    const path = await savedFile();
    await damage(path);
    const state = variables();
    state.get('model.w')!.assign(tf.zeros([2, 2]));
    await expect(restoreCheckpoint(path, identity, state)).rejects.toThrow(reason);
    expect([...(await state.get('model.w')!.data())]).toEqual([0, 0, 0, 0]);
    tf.dispose([...state.values()]);
  });
});

describe('createCheckpointKeeper()', () => {
  function createKeeper(everyMs: number) {
    const sent: FromTrialProcess[] = [];
    const clock = { ms: 0, now: () => clock.ms };
    const keeper = createCheckpointKeeper({
      everyMs,
      folder: folder.path,
      clock,
      send: (message) => sent.push(message),
    });
    const captured: number[] = [];
    const offerAt = async (ms: number, step: number, write: WriteState = (path) => writeFile(path, `${step}`)) => {
      clock.ms = ms;
      await keeper.offer(step, async () => {
        captured.push(step);
        return write;
      });
    };
    return { keeper, sent, captured, offerAt };
  }
  const steps = (sent: readonly FromTrialProcess[]) =>
    Promise.all(sent.map((message) => (message.kind === 'checkpoint' ? readFile(message.path, 'utf8') : message.kind)));

  it('hands over after each time set, and the last state once more when the trial is interrupted', async () => {
    const { keeper, sent, captured, offerAt } = createKeeper(60_000);
    await keeper.handOver();
    for (const [index, ms] of [500, 30_000, 30_500, 61_000, 70_000].entries()) await offerAt(ms, index + 1);
    // The first and third followed too soon upon the step before to be worth a copy.
    expect(captured).toEqual([2, 4, 5]);
    expect(await steps(sent)).toEqual(['4']);
    await keeper.handOver();
    await keeper.handOver();
    expect(await steps(sent)).toEqual(['4', '5']);
  });

  it('hands over every step where the time is 0, and tells of one that cannot be written', async () => {
    const { sent, offerAt } = createKeeper(0);
    await offerAt(0, 1);
    await offerAt(0, 2, () => Promise.reject(new Error('disk full')));
    await offerAt(1, 3);
    expect(await steps(sent)).toEqual(['1', 'warning', '3']);
    expect(sent[1]).toMatchObject({ message: expect.stringMatching(/step 2.*disk full/) });
  });
});
