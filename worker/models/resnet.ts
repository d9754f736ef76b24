/**
 * Residual networks for CIFAR: a 3 × 3 stem and three stages of basic blocks, 6n + 2 layers deep.
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, §4.2
 */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { AbkdError } from '../../core/errors.ts';
import { chain, convBatchNorm, globalAveragePool, linear, relu } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

/**
 * Where a block changes size. `projection`: 1 × 1 convolution and batch normalisation. `padded`: every second pixel, and
 * zeros for the new channels (option A of the paper).
 */
type Shortcut = 'projection' | 'padded';

interface ResNetSpec {
  readonly name: string;
  /** 6n + 2. */
  readonly depth: number;
  /** Channels of the stem and of the three stages. */
  readonly widths: readonly [stem: number, ...stages: number[]];
  readonly shortcut: Shortcut;
}

interface BlockSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly shortcut: Shortcut;
}

const narrow = [16, 16, 32, 64] as const;
const wide = [32, 64, 128, 256] as const;

const specs: readonly ResNetSpec[] = [
  ...[8, 14, 20, 32, 44, 56, 110].map(
    (depth) => ({ name: `resnet${depth}`, depth, widths: narrow, shortcut: 'projection' }) as const,
  ),
  ...[8, 32].map((depth) => ({ name: `resnet${depth}x4`, depth, widths: wide, shortcut: 'projection' }) as const),
  ...[20, 32, 44, 56, 110].map(
    (depth) => ({ name: `resnet${depth}-a`, depth, widths: narrow, shortcut: 'padded' }) as const,
  ),
];

/**
 * With projection shortcuts the networks of the CIFAR-100 experiments, named in weight files as in RepDistiller; with
 * the suffix `-a` those of He et al. for CIFAR-10, named as in pytorch_resnet_cifar10, whose trained weights they take.
 */
export const resnets: readonly Architecture[] = specs.map((spec) => ({
  name: spec.name,
  build: (tensors, { imageSize, channels, classes }) => {
    if (spec.shortcut === 'padded') assertHalvesTwice(spec.name, imageSize);
    const [stemWidth, ...stageWidths] = spec.widths;
    const stem = convBatchNorm(
      tensors,
      { conv: 'conv1', norm: 'bn1' },
      { inputs: channels, outputs: stemWidth, kernel: 3 },
    );
    const blocks: Layer[] = [];
    let inputs = stemWidth;
    for (const [index, outputs] of stageWidths.entries()) {
      for (let block = 0; block < (spec.depth - 2) / 6; block += 1) {
        const stride = index > 0 && block === 0 ? 2 : 1;
        const size = { inputs, outputs, stride, shortcut: spec.shortcut };
        blocks.push(basicBlock(tensors, `layer${index + 1}.${block}`, size));
        inputs = outputs;
      }
    }
    const features = chain(stem, relu, ...blocks);
    const head = linear(tensors, spec.shortcut === 'padded' ? 'linear' : 'fc', { inputs, outputs: classes });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
}));

function basicBlock(tensors: NetworkTensors, name: string, spec: BlockSpec): Layer {
  const { inputs, outputs, stride } = spec;
  const residual = chain(
    convBatchNorm(tensors, { conv: `${name}.conv1`, norm: `${name}.bn1` }, { inputs, outputs, kernel: 3, stride }),
    relu,
    convBatchNorm(tensors, { conv: `${name}.conv2`, norm: `${name}.bn2` }, { inputs: outputs, outputs, kernel: 3 }),
  );
  const shortcut = createShortcut(tensors, name, spec);
  return (input, mode) => tf.relu(tf.add(residual(input, mode), shortcut(input, mode)));
}

function createShortcut(tensors: NetworkTensors, name: string, spec: BlockSpec): Layer {
  const { inputs, outputs, stride } = spec;
  if (stride === 1 && inputs === outputs) return (input) => input;
  if (spec.shortcut === 'padded') return (input) => padChannels(everySecondPixel(input), outputs);
  const names = { conv: `${name}.downsample.0`, norm: `${name}.downsample.1` };
  return convBatchNorm(tensors, names, { inputs, outputs, kernel: 1, stride });
}

/** Pixels of even row and column, by reshape and slice: tfjs has no gradient for a strided slice. */
function everySecondPixel(input: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = input.shape;
  const pairs = tf.reshape(input, [(batch * height) / 2, 2, width / 2, 2 * channels]);
  const even = tf.slice(pairs, [0, 0, 0, 0], [-1, 1, -1, channels]);
  return tf.reshape(even, [batch, height / 2, width / 2, channels]);
}

/** As many channels of zeros before as after. */
function padChannels(input: Tensor4D, channels: number): Tensor4D {
  const each = (channels - input.shape[3]) / 2;
  return tf.pad(input, [
    [0, 0],
    [0, 0],
    [0, 0],
    [each, each],
  ]);
}

function assertHalvesTwice(name: string, imageSize: number): void {
  if (imageSize % 4 === 0) return;
  throw new AbkdError(
    'INVALID_SPEC',
    `Cannot build model "${name}" for images of ${imageSize} pixels: expected a multiple of 4`,
  );
}
