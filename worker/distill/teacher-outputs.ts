import * as tf from '@tensorflow/tfjs-core';
import { grouped } from '../../core/quantity.ts';
import type { Augmentation } from '../data/augment.ts';
import type { SelectedPart } from '../data/split.ts';
import { openFound } from '../used-files.ts';
import { contentKey } from './content-key.ts';
import { createImageReader, evaluationBatchSize } from './images.ts';
import { type LogitRows, logitFileBytes, openLogitRows, writeLogitRows } from './logit-rows.ts';
import { logitsInOrder } from './logits.ts';
import type { TeacherOptions } from './teacher.ts';
import type { TeacherModel } from './teacher-model.ts';
import { createWarmSlot } from './warm-slot.ts';

/** Raised when a change would compute other outputs from the same teacher. */
const outputsVersion = 2;

/** Whose outputs are wanted, and on which images. */
export interface TeacherOutputsOptions extends TeacherOptions {
  readonly teacherSha256: string;
  /** Asked for only where outputs are computed. */
  readonly model: TeacherModel;
  /** The images that students train on. */
  readonly studentPart: SelectedPart;
  readonly augmentation: Augmentation | null;
}

/** The outputs that the last trial read last stay open: without augmentation the next trial reads the same. */
const warmRows = createWarmSlot<LogitRows>((rows) => void rows[Symbol.asyncDispose]());

/** Lets go of what is kept between trials. */
export function closeTeacherOutputs(): void {
  warmRows.clear();
}

/**
 * The teacher's logits on the training images of an epoch, from 1, computed once per host: the key names the teacher's
 * weights, the dataset with its split and preprocessing, the images drawn, the augmentation and its epoch. Without
 * augmentation all epochs are one. An epoch is a file of its own: training starts after the first, a trial that is
 * pruned has paid for what it used, and a longer training finds the epochs of a shorter one. Valid until the next call.
 */
export function obtainTeacherOutputs(options: TeacherOutputsOptions, epoch: number): Promise<LogitRows> {
  const { context, definition, studentPart, augmentation, teacherSha256 } = options;
  const shape = { images: studentPart.count, classes: options.dataset.classNames.length };
  const key = contentKey('teacher-outputs', {
    ...{ version: outputsVersion, model: definition.model, teacher: teacherSha256, backend: tf.getBackend() },
    images: studentPart.identity,
    ...(augmentation === null ? {} : { augment: augmentation.kind, seed: augmentation.seed, epoch }),
  });
  const build = (path: string) => writeLogitRows(path, shape, computeOutputs(options, epoch));
  return warmRows.obtain(key, () =>
    openFound(
      () => context.sharedFile('host', key, build, logitFileBytes(shape)),
      ({ path }) => openLogitRows(path, shape),
    ),
  );
}

async function* computeOutputs(
  { model, dataset, studentPart, augmentation, context }: TeacherOutputsOptions,
  epoch: number,
): AsyncGenerator<Float32Array, void, undefined> {
  const teacher = await model.load();
  const images = createImageReader(dataset, studentPart, { batchSize: evaluationBatchSize, augmentation });
  const { epochs } = context.assignment.definition.training;
  const which = augmentation === null ? '' : ` for epoch ${epoch}/${epochs}`;
  let done = 0;
  for await (const rows of logitsInOrder(teacher, images, context, epoch)) {
    yield rows;
    done += rows.length / dataset.classNames.length;
    context.phase(
      `computing outputs of teacher ${teacher.name}${which}: ${grouped(done)}/${grouped(studentPart.count)} images`,
    );
  }
}
