import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { subsetOf } from '../data/parts.ts';
import type { SelectedPart } from '../data/split.ts';
import { openFound } from '../used-files.ts';
import { contentKey } from './content-key.ts';
import { chooseDiagnosed } from './diagnose.ts';
import { evaluate } from './evaluate.ts';
import { createImageReader, evaluationBatchSize } from './images.ts';
import { logitFileBytes, openLogitRows, writeLogitRows } from './logit-rows.ts';
import { logitsInOrder } from './logits.ts';
import { scaleSampleSize } from './scale-factor.ts';
import { obtainTeacher, type TeacherOptions } from './teacher.ts';
import { createTeacherModel, type TeacherModel } from './teacher-model.ts';

/** Raised when a change would compute another reference from the same teacher. */
const referenceVersion = 1;

/** What trials know of a teacher besides its outputs on their batches: no augmentation, no tensors, the same for all. */
export interface TeacherReference {
  /** Hash of the teacher's weight file. */
  readonly teacherSha256: string;
  readonly classes: number;
  /** The teacher's own top-1 on the task's test images, percent. */
  readonly testAccuracy: number;
  /** Logits on the first images of the training part, `[images, classes]`: what `scaleFactor` is measured on. */
  readonly scaleSample: Float32Array;
  /** Places of the images of the training part that diagnostics look at, and logits on them, `[images, classes]`. */
  readonly diagnosed: { readonly images: Int32Array; readonly logits: Float32Array };
}

export interface TeacherReferenceOptions extends TeacherOptions {
  /** The images that students train on. */
  readonly studentPart: SelectedPart;
  readonly testPart: SelectedPart;
  /** Decides which images are diagnosed. */
  readonly seed: number;
}

const metadataSchema = z.object({ testAccuracy: z.number().min(0).max(100) });

/** Computed once per host; a few hundred kilobytes that the host keeps. */
export async function obtainTeacherReference(options: TeacherReferenceOptions): Promise<TeacherReference> {
  const { context, dataset, studentPart, testPart, seed } = options;
  const { sha256 } = await obtainTeacher(options);
  const first = Int32Array.from({ length: Math.min(scaleSampleSize, studentPart.count) }, (_, image) => image);
  const diagnosed = chooseDiagnosed(studentPart, seed);
  const images = Int32Array.of(...first, ...diagnosed);
  const shape = { images: images.length, classes: dataset.classNames.length };
  const key = contentKey('teacher-reference', {
    ...{ version: referenceVersion, model: options.definition.model, teacher: sha256, backend: tf.getBackend(), seed },
    ...{ train: studentPart.identity, test: testPart.identity },
  });
  const build = async (path: string) => {
    using model = createTeacherModel(options, sha256);
    return await buildReference(path, images, model, options);
  };
  return openFound(
    () => context.sharedFile('host', key, build, logitFileBytes(shape)),
    async ({ path, metadata }) => {
      await using rows = await openLogitRows(path, shape);
      const logits = new Float32Array(images.length * shape.classes);
      await rows.read(Int32Array.from(images.keys()), logits);
      const split = first.length * shape.classes;
      return {
        ...{ teacherSha256: sha256, classes: shape.classes, ...metadataSchema.parse(metadata) },
        scaleSample: logits.subarray(0, split),
        diagnosed: { images: diagnosed, logits: logits.subarray(split) },
      };
    },
  );
}

async function buildReference(
  path: string,
  images: Int32Array,
  model: TeacherModel,
  { dataset, studentPart, testPart, context }: TeacherReferenceOptions,
): Promise<z.infer<typeof metadataSchema>> {
  const teacher = await model.load();
  context.phase(`testing teacher ${teacher.name}`);
  const read = { batchSize: evaluationBatchSize };
  const reader = createImageReader(dataset, subsetOf(studentPart, images), read);
  const shape = { images: images.length, classes: dataset.classNames.length };
  await writeLogitRows(path, shape, logitsInOrder(teacher, reader, context));
  const test = await evaluate(teacher, createImageReader(dataset, testPart, read), context);
  return { testAccuracy: test.top1 };
}
