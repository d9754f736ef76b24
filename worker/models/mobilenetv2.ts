/**
 * MobileNetV2 of half width for images of 32 pixels: fewer strides than the original and ReLU in place of ReLU6. Named
 * in weight files as in RepDistiller.
 * @see Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, Table 2
 */
import * as tf from '@tensorflow/tfjs-core';
import { zeros } from './initial-values.ts';
import { chain, convBatchNorm, globalAveragePool, linear, relu } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

interface BlockSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  /** Hidden channels per input channel. */
  readonly expansion: number;
}

const stemWidth = 16;
const lastWidth = 1280;

/** Widths are half of the original's. */
const stages = [
  { expansion: 1, outputs: 8, blocks: 1, stride: 1 },
  { expansion: 6, outputs: 12, blocks: 2, stride: 1 },
  { expansion: 6, outputs: 16, blocks: 3, stride: 2 },
  { expansion: 6, outputs: 32, blocks: 4, stride: 2 },
  { expansion: 6, outputs: 48, blocks: 3, stride: 1 },
  { expansion: 6, outputs: 80, blocks: 3, stride: 2 },
  { expansion: 6, outputs: 160, blocks: 1, stride: 1 },
];

export const mobileNetV2: Architecture = {
  name: 'mobilenetv2',
  build: (tensors, { channels, classes }) => {
    const stem = { inputs: channels, outputs: stemWidth, kernel: 3, stride: 2 };
    const layers = [convBatchNorm(tensors, { conv: 'conv1.0', norm: 'conv1.1' }, stem), relu];
    let inputs = stemWidth;
    for (const [index, { blocks, ...stage }] of stages.entries()) {
      for (let block = 0; block < blocks; block += 1) {
        const spec = { ...stage, inputs, stride: block === 0 ? stage.stride : 1 };
        layers.push(invertedResidual(tensors, `blocks.${index}.${block}.conv`, spec));
        inputs = stage.outputs;
      }
    }
    const last = { inputs, outputs: lastWidth, kernel: 1 };
    const features = chain(...layers, convBatchNorm(tensors, { conv: 'conv2.0', norm: 'conv2.1' }, last), relu);
    const head = linear(tensors, 'classifier.0', {
      inputs: lastWidth,
      outputs: classes,
      weight: { kind: 'normal', deviation: 0.01 },
      bias: zeros,
    });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
};

/** Widen, convolve each channel, narrow without activation; the input is added where nothing changes size. */
function invertedResidual(tensors: NetworkTensors, name: string, spec: BlockSpec): Layer {
  const { inputs, outputs, stride } = spec;
  const hidden = inputs * spec.expansion;
  const at = (entry: number) => ({ conv: `${name}.${entry}`, norm: `${name}.${entry + 1}` });
  const layer = chain(
    convBatchNorm(tensors, at(0), { inputs, outputs: hidden, kernel: 1 }),
    relu,
    convBatchNorm(tensors, at(3), { inputs: hidden, outputs: hidden, kernel: 3, stride, groups: hidden }),
    relu,
    convBatchNorm(tensors, at(6), { inputs: hidden, outputs, kernel: 1 }),
  );
  if (stride !== 1 || inputs !== outputs) return layer;
  return (input, mode) => tf.add(input, layer(input, mode));
}
