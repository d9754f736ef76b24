import type { Classifier } from '../classifier.ts';
import { toTorchLayout } from './layout.ts';
import { stateOf } from './load.ts';
import type { WeightFile, WeightTensor } from './safetensors.ts';

/** The present parameters and buffers of a model, ready to be written, in PyTorch's names and order of axes. */
export async function exportWeights(
  model: Classifier,
  metadata: Readonly<Record<string, string>>,
): Promise<WeightFile> {
  const tensors = new Map<string, WeightTensor>();
  for (const [name, variable] of stateOf(model)) {
    const data = await variable.data<'float32'>();
    tensors.set(name, toTorchLayout({ shape: variable.shape, data }));
  }
  return { tensors, metadata: { model: model.name, ...metadata } };
}
