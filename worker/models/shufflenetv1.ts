/**
 * ShuffleNet with 3 groups for images of 32 pixels: a 1 × 1 stem that keeps the size. Named in weight files as in
 * RepDistiller.
 * @see Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", 2018
 */
import * as tf from '@tensorflow/tfjs-core';
import { torchDefault } from './initial-values.ts';
import {
  avgPool3Stride2,
  type ConvSpec,
  chain,
  convBatchNorm,
  globalAveragePool,
  linear,
  relu,
  shuffleChannels,
} from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

interface UnitSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

const groups = 3;
const stemWidth = 24;
const stages = [
  { outputs: 240, units: 4 },
  { outputs: 480, units: 8 },
  { outputs: 960, units: 4 },
];

export const shuffleNetV1: Architecture = {
  name: 'shufflenetv1',
  build: (tensors, { channels, classes }) => {
    const stem = { inputs: channels, outputs: stemWidth, kernel: 1 };
    const layers = [normalisedConv(tensors, { conv: 'conv1', norm: 'bn1' }, stem), relu];
    let inputs = stemWidth;
    for (const [index, { outputs, units }] of stages.entries()) {
      for (let unit = 0; unit < units; unit += 1) {
        layers.push(shuffleUnit(tensors, `layer${index + 1}.${unit}`, { inputs, outputs, stride: unit === 0 ? 2 : 1 }));
        inputs = outputs;
      }
    }
    const features = chain(...layers);
    const head = linear(tensors, 'linear', { inputs, outputs: classes });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
};

/** With stride 2 the pooled input is put behind the new channels, else it is added. */
function shuffleUnit(tensors: NetworkTensors, name: string, { inputs, outputs, stride }: UnitSpec): Layer {
  const made = stride === 2 ? outputs - inputs : outputs;
  const hidden = Math.floor(made / 4);
  // The stem's channels are too few to be grouped.
  const firstGroups = inputs === stemWidth ? 1 : groups;
  const at = (entry: number) => ({ conv: `${name}.conv${entry}`, norm: `${name}.bn${entry}` });
  const layer = chain(
    normalisedConv(tensors, at(1), { inputs, outputs: hidden, kernel: 1, groups: firstGroups }),
    relu,
    shuffleChannels(firstGroups),
    normalisedConv(tensors, at(2), { inputs: hidden, outputs: hidden, kernel: 3, stride, groups: hidden }),
    relu,
    normalisedConv(tensors, at(3), { inputs: hidden, outputs: made, kernel: 1, groups }),
  );
  if (stride === 1) return (input, mode) => tf.relu(tf.add(layer(input, mode), input));
  return (input, mode) => tf.relu(tf.concat([layer(input, mode), avgPool3Stride2(input, mode)], 3));
}

/** The published network starts from PyTorch's defaults. */
function normalisedConv(
  tensors: NetworkTensors,
  names: { readonly conv: string; readonly norm: string },
  spec: ConvSpec,
): Layer {
  const fanIn = (spec.kernel ** 2 * spec.inputs) / (spec.groups ?? 1);
  return convBatchNorm(tensors, names, { ...spec, initial: torchDefault(fanIn) });
}
