import { readFile, writeFile } from 'node:fs/promises';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ImageBatch } from '../data/batches.ts';
import type { SelectedPart } from '../data/split.ts';
import type { Classifier } from '../models/classifier.ts';
import { readSafetensors, writeSafetensors } from '../models/weights/safetensors.ts';
import { TrialError } from '../trial/failure.ts';
import { contentKey } from './content-key.ts';
import { evaluate } from './evaluate.ts';
import { createImageReader, evaluationBatchSize, imagesOf } from './images.ts';
import { loadTeacher, obtainTeacher, type TeacherOptions } from './teacher.ts';

/** Raised when a change would compute other outputs from the same teacher. */
const outputsVersion = 1;

/** What a teacher says about the images that a student trains on. */
export interface TeacherOutputs {
  /** Hash of the teacher's weight file. */
  readonly teacherSha256: string;
  /** Logits `[images, classes]`, row-major, in the order of the part. */
  readonly logits: Float32Array;
  readonly classes: number;
  /** The teacher's own top-1 on the task's test images, percent. */
  readonly testAccuracy: number;
}

export interface TeacherOutputsOptions extends TeacherOptions {
  /** The images that students train on. */
  readonly studentPart: SelectedPart;
  readonly testPart: SelectedPart;
}

const metadataSchema = z.object({ testAccuracy: z.number().min(0).max(100) });

/**
 * The teacher's logits on the student's training images, computed once per host: the key names the teacher's weights,
 * the dataset with its split and preprocessing, and the images drawn.
 */
export async function obtainTeacherOutputs(options: TeacherOutputsOptions): Promise<TeacherOutputs> {
  const { context, studentPart, testPart, dataset } = options;
  const teacher = await obtainTeacher(options);
  const images = { train: studentPart.identity, test: testPart.identity };
  const key = contentKey('teacher-outputs', { version: outputsVersion, teacher: teacher.sha256, ...images });
  const file = await context.sharedFile('host', key, async (path) => {
    const model = await loadTeacher(teacher, options);
    try {
      return await writeOutputs(model, options, path);
    } finally {
      model.dispose();
    }
  });
  const classes = dataset.classNames.length;
  const { testAccuracy } = metadataSchema.parse(file.metadata);
  const logits = await readLogits(file.path, [studentPart.count, classes]);
  return { teacherSha256: teacher.sha256, logits, classes, testAccuracy };
}

/** Logits of a batch's images, `[count, classes]`. The caller disposes it. */
export function teacherLogitsOf({ logits, classes }: TeacherOutputs, batch: ImageBatch): Tensor2D {
  const rows = new Float32Array(batch.count * classes);
  for (const [row, image] of batch.indices.entries()) {
    rows.set(logits.subarray(image * classes, (image + 1) * classes), row * classes);
  }
  return tf.tensor2d(rows, [batch.count, classes]);
}

async function writeOutputs(model: Classifier, options: TeacherOutputsOptions, path: string): Promise<unknown> {
  const { dataset, studentPart, testPart, context } = options;
  context.phase(`computing outputs of teacher ${model.name} for ${studentPart.count} images`);
  const data = await computeLogits(model, options);
  const shape = [studentPart.count, dataset.classNames.length];
  await writeFile(path, writeSafetensors({ tensors: new Map([['logits', { shape, data }]]), metadata: {} }));
  const test = await evaluate(model, createImageReader(dataset, testPart, { batchSize: evaluationBatchSize }), context);
  return { testAccuracy: test.top1 };
}

async function computeLogits(model: Classifier, options: TeacherOutputsOptions): Promise<Float32Array> {
  const { dataset, studentPart, context } = options;
  const images = createImageReader(dataset, studentPart, { batchSize: evaluationBatchSize });
  const logits = new Float32Array(studentPart.count * dataset.classNames.length);
  let filled = 0;
  for await (const batch of images.inOrder()) {
    context.signal.throwIfAborted();
    const output = tf.tidy(() => model.forward(imagesOf(batch, images.shape), { training: false }));
    const values = await output.data<'float32'>();
    output.dispose();
    logits.set(values, filled);
    filled += values.length;
    await context.yieldNow();
  }
  return logits;
}

async function readLogits(path: string, shape: readonly number[]): Promise<Float32Array> {
  const tensor = readSafetensors(await readFile(path)).tensors.get('logits');
  if (tensor === undefined || tensor.shape.join() !== shape.join()) {
    const found = tensor === undefined ? 'none' : `logits of shape [${tensor.shape.join(', ')}]`;
    throw new TrialError(
      'MISSING_DATA',
      `Cannot use teacher outputs "${path}": it has ${found}, expected [${shape.join(', ')}]`,
    );
  }
  return tensor.data;
}
