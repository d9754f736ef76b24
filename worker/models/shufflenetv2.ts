/**
 * ShuffleNet V2 of width 1 for images of 32 pixels: a 1 × 1 stem that keeps the size. Named in weight files as in
 * RepDistiller.
 * @see Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", 2018, Fig. 3 c and d
 */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { torchDefault } from './initial-values.ts';
import { type ConvSpec, chain, convBatchNorm, globalAveragePool, linear, relu, shuffleChannels } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

const stemWidth = 24;
const lastWidth = 1024;
const stages = [
  { outputs: 116, units: 3 },
  { outputs: 232, units: 7 },
  { outputs: 464, units: 3 },
];

export const shuffleNetV2: Architecture = {
  name: 'shufflenetv2',
  build: (tensors, { channels, classes }) => {
    const layers = [normalisedConv(tensors, '', 1, { inputs: channels, outputs: stemWidth, kernel: 1 }), relu];
    let inputs = stemWidth;
    for (const [index, { outputs, units }] of stages.entries()) {
      layers.push(halvingUnit(tensors, `layer${index + 1}.0.`, inputs, outputs));
      for (let unit = 1; unit <= units; unit += 1) {
        layers.push(splitUnit(tensors, `layer${index + 1}.${unit}.`, outputs));
      }
      inputs = outputs;
    }
    const last = normalisedConv(tensors, '', 2, { inputs, outputs: lastWidth, kernel: 1 });
    const features = chain(...layers, last, relu);
    const head = linear(tensors, 'linear', { inputs: lastWidth, outputs: classes });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
};

/** The first half of the channels passes, the second is convolved; then both are shuffled. */
function splitUnit(tensors: NetworkTensors, name: string, channels: number): Layer {
  const half = channels / 2;
  const convolved = chain(
    normalisedConv(tensors, name, 1, { inputs: half, outputs: half, kernel: 1 }),
    relu,
    normalisedConv(tensors, name, 2, { inputs: half, outputs: half, kernel: 3, groups: half }),
    normalisedConv(tensors, name, 3, { inputs: half, outputs: half, kernel: 1 }),
    relu,
  );
  return (input, mode) => {
    const [passed, worked] = tf.split(input, 2, 3) as [Tensor4D, Tensor4D];
    return shuffleChannels(2)(tf.concat([passed, convolved(worked, mode)], 3), mode);
  };
}

/** Two branches of stride 2, each with half of the outputs. */
function halvingUnit(tensors: NetworkTensors, name: string, inputs: number, outputs: number): Layer {
  const half = outputs / 2;
  const left = chain(
    normalisedConv(tensors, name, 1, { inputs, outputs: inputs, kernel: 3, stride: 2, groups: inputs }),
    normalisedConv(tensors, name, 2, { inputs, outputs: half, kernel: 1 }),
    relu,
  );
  const right = chain(
    normalisedConv(tensors, name, 3, { inputs, outputs: half, kernel: 1 }),
    relu,
    normalisedConv(tensors, name, 4, { inputs: half, outputs: half, kernel: 3, stride: 2, groups: half }),
    normalisedConv(tensors, name, 5, { inputs: half, outputs: half, kernel: 1 }),
    relu,
  );
  return (input, mode) => shuffleChannels(2)(tf.concat([left(input, mode), right(input, mode)], 3), mode);
}

/** `conv1` and `bn1` within `prefix`. The published network starts from PyTorch's defaults. */
function normalisedConv(tensors: NetworkTensors, prefix: string, entry: number, spec: ConvSpec): Layer {
  const fanIn = (spec.kernel ** 2 * spec.inputs) / (spec.groups ?? 1);
  const names = { conv: `${prefix}conv${entry}`, norm: `${prefix}bn${entry}` };
  return convBatchNorm(tensors, names, { ...spec, initial: torchDefault(fanIn) });
}
