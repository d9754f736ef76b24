import * as tf from '@tensorflow/tfjs-core';
import { AbkdError } from '../../../core/errors.ts';
import type { Classifier } from '../classifier.ts';
import type { WeightFile, WeightTensor } from './safetensors.ts';

/** The present parameters and buffers of a model, ready to be written. */
export async function exportWeights(
  model: Classifier,
  metadata: Readonly<Record<string, string>>,
): Promise<WeightFile> {
  const tensors = new Map<string, WeightTensor>();
  for (const [name, variable] of variablesOf(model)) {
    const data = await variable.data<'float32'>();
    tensors.set(name, { shape: variable.shape, data });
  }
  return { tensors, metadata: { model: model.name, ...metadata } };
}

/**
 * Gives a model the parameters and buffers of a weight file.
 * @throws {AbkdError} MISSING_DATA where one is missing, left over or of another shape; nothing is changed then
 */
export function importWeights(model: Classifier, file: WeightFile): void {
  const left = new Set(file.tensors.keys());
  const found = variablesOf(model).map(([name, variable]) => {
    const tensor = file.tensors.get(name);
    left.delete(name);
    if (tensor === undefined || tensor.shape.join() !== variable.shape.join()) {
      const actual = tensor === undefined ? 'missing' : `of shape [${tensor.shape.join(', ')}]`;
      throw mismatch(model, `"${name}" is ${actual}, expected shape [${variable.shape.join(', ')}]`);
    }
    return { variable, tensor };
  });
  if (left.size > 0) throw mismatch(model, `it has no parameter "${[...left][0]}"`);
  tf.tidy(() => {
    for (const { variable, tensor } of found) variable.assign(tf.tensor(tensor.data, [...tensor.shape]));
  });
}

function variablesOf(model: Classifier): readonly (readonly [name: string, variable: tf.Variable])[] {
  return [
    ...model.parameters.map((variable, index) => [model.parameterNames[index]!, variable] as const),
    ...model.buffers,
  ];
}

function mismatch(model: Classifier, problem: string): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot load weights into model "${model.name}": ${problem}`);
}
