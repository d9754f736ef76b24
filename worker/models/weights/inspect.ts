import { AbkdError, type Problem } from '../../../core/errors.ts';
import type { ClassifierShape } from '../classifier.ts';
import { createClassifier } from '../registry.ts';
import { matchStateDict, stateOf } from './load.ts';
import { normalisationOf } from './normalisation.ts';
import { readStateDictFile } from './state-dict-file.ts';

/** What a weight file holds, and whether a model takes it. */
export interface WeightReport {
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
  /** What the file says of its images; null where it does not. */
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
  /** Null where no model was asked about. */
  readonly fit: WeightFit | null;
}

export interface WeightFit {
  readonly model: string;
  readonly shape: ClassifierShape;
  /** Values of the model, running statistics included. */
  readonly values: number;
  /** Every tensor that does not fit; empty where all do. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a weight file as a trial would, on the backend that is set.
 * @throws {AbkdError|TrialError} MISSING_DATA where the file cannot be read at all; INVALID_SPEC for an unknown model
 */
export async function inspectWeights(
  path: string,
  model: { readonly name: string; readonly shape: ClassifierShape } | null,
): Promise<WeightReport> {
  const file = await readStateDictFile(path);
  const tensors = [...file.state].map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  const normalisation = normalisationOf(file, path);
  if (model === null) return { tensors, normalisation, fit: null };
  const classifier = createClassifier(model.name, model.shape, 0);
  const values = [...stateOf(classifier).values()].reduce((sum, { size }) => sum + size, 0);
  const problems = problemsOf(() => matchStateDict(classifier, file.state, path));
  classifier.dispose();
  return { tensors, normalisation, fit: { model: model.name, shape: model.shape, values, problems } };
}

/** The problems that `match` ends with; other errors pass. */
function problemsOf(match: () => unknown): readonly Problem[] {
  try {
    match();
    return [];
  } catch (error) {
    if (error instanceof AbkdError && error.details.problems !== undefined) return error.details.problems;
    throw error;
  }
}
