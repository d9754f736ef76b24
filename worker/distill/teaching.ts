import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageBatch } from '../data/batches.ts';
import { type ImageReader, imagesOf } from './images.ts';
import type { LogitRows } from './logit-rows.ts';
import type { OutputsMode } from './teacher-mode.ts';
import { createTeacherModel, type TeacherModel } from './teacher-model.ts';
import { obtainTeacherOutputs, type TeacherOutputsOptions } from './teacher-outputs.ts';

/** What a teacher says about the batches that one student trains on. */
export interface Teaching extends Disposable, OutputsMode {
  /** The reader, with the teacher's logits made ready for each shuffled batch. `onEpoch` is called before its first. */
  follow(images: ImageReader, onEpoch: (epoch: number) => void): ImageReader;
  /** Logits of the batch that was read last, `[count, classes]`. Not the caller's to dispose; gone with the next batch. */
  logits(): Tensor2D;
}

/** Either mode gives the same logits, up to the rounding of a backend that depends on the size of a batch. */
export function createTeaching(mode: OutputsMode, options: Omit<TeacherOutputsOptions, 'model'>): Teaching {
  const model = createTeacherModel(options, options.teacherSha256);
  const logitsOf = mode.cached ? readLogits({ ...options, model }) : computeLogits(model);
  let current: Tensor2D | null = null;
  const letGo = () => {
    current?.dispose();
    current = null;
  };
  return {
    ...mode,
    follow: (images, onEpoch) => ({
      ...images,
      shuffled: async function* (seed, epoch) {
        let isFirst = true;
        for await (const batch of images.shuffled(seed, epoch)) {
          letGo();
          current = await logitsOf(batch, images);
          if (isFirst) onEpoch(epoch);
          isFirst = false;
          yield batch;
        }
      },
    }),
    logits: () => {
      if (current === null) throw new Error('Cannot tell the logits of a batch: none was read');
      return current;
    },
    [Symbol.dispose]: () => {
      letGo();
      model[Symbol.dispose]();
    },
  };
}

type LogitsOf = (batch: ImageBatch, images: ImageReader) => Promise<Tensor2D>;

function computeLogits(model: TeacherModel): LogitsOf {
  return async (batch, { shape }) => {
    const teacher = await model.load();
    return tf.tidy(() => teacher.forward(imagesOf(batch, shape), { training: false }));
  };
}

function readLogits(options: TeacherOutputsOptions): LogitsOf {
  const classes = options.dataset.classNames.length;
  let opened: { readonly epoch: number; readonly outputs: LogitRows } | null = null;
  let buffer = new Float32Array();
  return async ({ epoch, count, indices }) => {
    if (opened?.epoch !== epoch) opened = { epoch, outputs: await obtainTeacherOutputs(options, epoch) };
    if (buffer.length < count * classes) buffer = new Float32Array(count * classes);
    const rows = buffer.subarray(0, count * classes);
    await opened.outputs.read(indices, rows);
    return tf.tensor2d(rows, [count, classes]);
  };
}
