/**
 * ResNet-50 for images of 32 pixels: a 3 × 3 stem that keeps the size, four stages of bottlenecks. Named in weight files
 * as in RepDistiller.
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, Table 1
 */
import * as tf from '@tensorflow/tfjs-core';
import { chain, convBatchNorm, globalAveragePool, linear, relu } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

/** Output channels per hidden channel of a bottleneck. */
const expansion = 4;
const stemWidth = 64;
const stages = [
  { hidden: 64, blocks: 3, stride: 1 },
  { hidden: 128, blocks: 4, stride: 2 },
  { hidden: 256, blocks: 6, stride: 2 },
  { hidden: 512, blocks: 3, stride: 2 },
];

export const resnet50: Architecture = {
  name: 'resnet50',
  build: (tensors, { channels, classes }) => {
    const stem = { inputs: channels, outputs: stemWidth, kernel: 3 };
    const layers = [convBatchNorm(tensors, { conv: 'conv1', norm: 'bn1' }, stem), relu];
    let inputs = stemWidth;
    for (const [index, { hidden, blocks, stride }] of stages.entries()) {
      for (let block = 0; block < blocks; block += 1) {
        const name = `layer${index + 1}.${block}`;
        layers.push(bottleneck(tensors, name, { inputs, hidden, stride: block === 0 ? stride : 1 }));
        inputs = hidden * expansion;
      }
    }
    const features = chain(...layers);
    const head = linear(tensors, 'linear', { inputs, outputs: classes });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
};

function bottleneck(
  tensors: NetworkTensors,
  name: string,
  { inputs, hidden, stride }: { readonly inputs: number; readonly hidden: number; readonly stride: number },
): Layer {
  const outputs = hidden * expansion;
  const at = (entry: number) => ({ conv: `${name}.conv${entry}`, norm: `${name}.bn${entry}` });
  const residual = chain(
    convBatchNorm(tensors, at(1), { inputs, outputs: hidden, kernel: 1 }),
    relu,
    convBatchNorm(tensors, at(2), { inputs: hidden, outputs: hidden, kernel: 3, stride }),
    relu,
    convBatchNorm(tensors, at(3), { inputs: hidden, outputs, kernel: 1 }),
  );
  const isSameSize = stride === 1 && inputs === outputs;
  const names = { conv: `${name}.shortcut.0`, norm: `${name}.shortcut.1` };
  const shortcut: Layer = isSameSize
    ? (input) => input
    : convBatchNorm(tensors, names, { inputs, outputs, kernel: 1, stride });
  return (input, mode) => tf.relu(tf.add(residual(input, mode), shortcut(input, mode)));
}
