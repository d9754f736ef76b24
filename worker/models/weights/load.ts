import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AbkdError, type Problem } from '../../../core/errors.ts';
import type { Classifier } from '../classifier.ts';
import { fromTorchLayout, torchShape } from './layout.ts';
import type { WeightTensor } from './safetensors.ts';
import type { StateDict, StateTensor } from './state-dict.ts';

/** What `DataParallel` puts before every name. */
const wrapperPrefix = 'module.';

/** How many batches a batch norm has seen: PyTorch keeps it for another kind of running average. */
const ignoredSuffix = '.num_batches_tracked';

/**
 * Every parameter and running statistic of a model as a state dict has them, in the model's own order: the prefix of
 * `DataParallel` and counters are left out.
 * @param file the name of the weight file, for errors
 * @throws {AbkdError} MISSING_DATA with all problems at once (`details.problems`): tensors that are missing or
 *   unexpected, of another shape or dtype, with values that are not finite, or negative variances
 */
export function matchStateDict(
  model: Classifier,
  stateDict: StateDict,
  file: string,
): ReadonlyMap<string, WeightTensor> {
  const state = withoutWrapper(stateDict);
  const targets = stateOf(model);
  const problems: Problem[] = [];
  for (const [name, variable] of targets) {
    const message = problemOf(name, variable, state.get(name));
    if (message !== null) problems.push({ path: name, message });
  }
  for (const name of state.keys()) {
    if (!targets.has(name) && !name.endsWith(ignoredSuffix)) problems.push({ path: name, message: 'unexpected' });
  }
  if (problems.length > 0) throw mismatch(model, file, problems);
  return new Map(
    [...targets.keys()].map((name) => {
      const { shape, data } = state.get(name)!;
      return [name, { shape, data: data! }];
    }),
  );
}

/** Gives a model the values of a state dict; nothing is changed where anything does not fit. Errors as above. */
export function loadStateDict(model: Classifier, stateDict: StateDict, file: string): void {
  const values = matchStateDict(model, stateDict, file);
  tf.tidy(() => {
    for (const [name, variable] of stateOf(model)) {
      variable.assign(tf.tensor(fromTorchLayout(values.get(name)!), variable.shape));
    }
  });
}

/** Every tensor that belongs to a model, by its name in weight files: parameters first, then running statistics. */
export function stateOf(model: Classifier): ReadonlyMap<string, Variable> {
  const parameters = model.parameters.map((variable, index) => [model.parameterNames[index]!, variable] as const);
  return new Map([...parameters, ...model.buffers]);
}

function problemOf(name: string, variable: Variable, found: StateTensor | undefined): string | null {
  const expected = torchShape(variable.shape);
  if (found === undefined) return `missing, expected shape [${expected.join(', ')}]`;
  if (found.shape.join() !== expected.join()) {
    return `has shape [${found.shape.join(', ')}], expected [${expected.join(', ')}]`;
  }
  if (found.data === null) return `has dtype ${found.dtype}, expected float32`;
  return valueProblem(found.data, name.endsWith('.running_var') ? 0 : Number.NEGATIVE_INFINITY);
}

/** The first value that is not finite or below `least`. */
function valueProblem(data: Float32Array, least: number): string | null {
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i]!;
    if (Number.isFinite(value) && value >= least) continue;
    return `has the value ${value} at index ${i}, expected ${least === 0 ? 'a variance' : 'finite values'}`;
  }
  return null;
}

function withoutWrapper(state: StateDict): StateDict {
  if (![...state.keys()].every((name) => name.startsWith(wrapperPrefix))) return state;
  return new Map([...state].map(([name, tensor]) => [name.slice(wrapperPrefix.length), tensor]));
}

function mismatch(model: Classifier, file: string, problems: readonly Problem[]): AbkdError {
  const listed = problems.map(({ path, message }) => `"${path}" ${message}`).join('; ');
  return new AbkdError('MISSING_DATA', `Cannot load weight file "${file}" into model "${model.name}": ${listed}`, {
    details: { problems, file },
  });
}
