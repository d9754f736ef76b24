import { deriveSeed } from '../../core/random.ts';
import type { ImageDataset } from '../data/source.ts';
import type { Classifier } from '../models/classifier.ts';
import { createClassifier } from '../models/registry.ts';
import type { TrialContext } from '../trial/context.ts';
import { openFound } from '../used-files.ts';
import { shapeOf } from './images.ts';
import { loadWeights, obtainWeights } from './trained-weights.ts';

/** The student of the context's trial, with values drawn from its seed or with the trained weights that the task names. */
export async function createStudent(context: TrialContext, dataset: ImageDataset): Promise<Classifier> {
  const { definition, seed } = context.assignment;
  const { model, weights, normalisation } = definition.student;
  const create = () => createClassifier(model, shapeOf(dataset), deriveSeed('student', seed));
  if (weights === null) return create();
  return openFound(
    () => obtainWeights({ definition: { model, weights, normalisation }, dataset, context }),
    ({ path }) => loadWeights(create(), { path, source: weights, dataset }),
  );
}
