import { writeFile } from 'node:fs/promises';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { deriveSeed } from '../../core/random.ts';
import type { TeacherDefinition } from '../../core/task.ts';
import type { ImageBatch } from '../data/batches.ts';
import type { ImageDataset } from '../data/source.ts';
import { limitPart, type SelectedPart } from '../data/split.ts';
import type { Classifier } from '../models/classifier.ts';
import { createClassifier } from '../models/registry.ts';
import { exportWeights } from '../models/weights/classifier-weights.ts';
import { normalisationMetadata } from '../models/weights/normalisation.ts';
import { writeSafetensors } from '../models/weights/safetensors.ts';
import type { TrialContext } from '../trial/context.ts';
import { contentKey } from './content-key.ts';
import { createImageReader, labelsOf, shapeOf } from './images.ts';
import { labelsOnly, objectiveLoss } from './objective.ts';
import { loadWeights, obtainWeights } from './trained-weights.ts';
import { trainEpochs } from './trainer.ts';

type TrainedHere = Extract<TeacherDefinition, { readonly train: object }>;

/** Raised when a change would train another teacher from the same definition. */
const teacherVersion = 3;

/** A trained teacher as a file of weights. */
export interface TeacherFile {
  readonly path: string;
  /** Of the weight file: two files with the same hash are the same teacher. */
  readonly sha256: string;
}

export interface TeacherOptions {
  readonly definition: TeacherDefinition;
  readonly dataset: ImageDataset;
  /** Everything that the task may train on; the teacher draws its own images from it. */
  readonly trainPart: SelectedPart;
  readonly context: TrialContext;
}

interface TrainingOptions extends TeacherOptions {
  readonly definition: TrainedHere;
}

/** The teacher's weight file: trained or imported by whoever asks first, the same file for everybody after. */
export function obtainTeacher(options: TeacherOptions): Promise<TeacherFile> {
  const { definition, ...rest } = options;
  return 'weights' in definition ? obtainWeights({ definition, ...rest }) : obtainTrainedHere({ definition, ...rest });
}

function obtainTrainedHere(options: TrainingOptions): Promise<TeacherFile> {
  const { definition, dataset, trainPart, context } = options;
  const classes = dataset.classNames.length;
  const key = contentKey('teacher', { version: teacherVersion, definition, images: trainPart.identity, classes });
  return context.sharedFile('artifact', key, (path) => trainTeacher(options, path));
}

/** The model of a teacher's weight file. The caller disposes it. */
export async function loadTeacher(
  file: TeacherFile,
  { definition, dataset }: Pick<TeacherOptions, 'definition' | 'dataset'>,
): Promise<Classifier> {
  const source = 'weights' in definition ? definition.weights : file.path;
  const model = createClassifier(definition.model, shapeOf(dataset), 0);
  return loadWeights(model, { path: file.path, source, dataset });
}

/** Momentum SGD on the labels with a cosine schedule, written as a weight file. */
async function trainTeacher(options: TrainingOptions, path: string): Promise<unknown> {
  const { definition, dataset, trainPart, context } = options;
  const { train } = definition;
  const part = limitPart(trainPart, train.limitTrain, train.seed);
  const model = createClassifier(definition.model, shapeOf(dataset), deriveSeed('teacher', train.seed));
  try {
    const run = {
      model,
      images: createImageReader(dataset, part, { batchSize: train.batchSize }),
      lossOf: (studentLogits: Tensor2D, batch: ImageBatch, epoch: number) =>
        objectiveLoss(labelsOnly, { teacherLogits: null, studentLogits, labels: labelsOf(batch), epoch }),
      settings: { ...train, optimizer: 'sgd' as const, schedule: 'cosine' as const, lrWarmupEpochs: 0 },
      seed: train.seed,
      context,
    };
    context.phase(`training teacher ${definition.model} on ${part.count} images, epoch 1/${train.epochs}`);
    let finalLoss = Number.NaN;
    for await (const { epoch, loss } of trainEpochs(run)) {
      finalLoss = loss;
      if (epoch < train.epochs) {
        context.phase(
          `training teacher ${definition.model} on ${part.count} images, epoch ${epoch + 1}/${train.epochs}`,
        );
      }
    }
    const metadata = { images: part.identity, ...normalisationMetadata(dataset.normalisation) };
    await writeFile(path, writeSafetensors(await exportWeights(model, metadata)));
    return { model: definition.model, images: part.count, epochs: train.epochs, loss: finalLoss };
  } finally {
    model.dispose();
  }
}
