/**
 * Wide residual networks: pre-activation blocks, 6n + 4 layers deep, no dropout. Named in weight files as in RepDistiller.
 * @see Zagoruyko and Komodakis, "Wide Residual Networks", 2016
 */
import * as tf from '@tensorflow/tfjs-core';
import { batchNorm } from './batch-norm.ts';
import { zeros } from './initial-values.ts';
import { chain, convBatchNorm, convolution, globalAveragePool, linear, relu } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

interface BlockSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

const stemWidth = 16;

const specs = [
  { depth: 16, widen: 1 },
  { depth: 16, widen: 2 },
  { depth: 40, widen: 1 },
  { depth: 40, widen: 2 },
];

/** `wrn-DEPTH-WIDEN`. */
export const wideResNets: readonly Architecture[] = specs.map(({ depth, widen }) => ({
  name: `wrn-${depth}-${widen}`,
  build: (tensors, { channels, classes }) => {
    const stem = convolution(tensors, 'conv1', { inputs: channels, outputs: stemWidth, kernel: 3 });
    const blocks: Layer[] = [];
    let inputs = stemWidth;
    for (const stage of [1, 2, 3]) {
      const outputs = stemWidth * widen * 2 ** (stage - 1);
      for (let block = 0; block < (depth - 4) / 6; block += 1) {
        const stride = stage > 1 && block === 0 ? 2 : 1;
        blocks.push(preActivationBlock(tensors, `block${stage}.layer.${block}`, { inputs, outputs, stride }));
        inputs = outputs;
      }
    }
    const features = chain(stem.layer, ...blocks, batchNorm(tensors, 'bn1', inputs).layer, relu);
    const head = linear(tensors, 'fc', { inputs, outputs: classes, bias: zeros });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
}));

/**
 * Where the channels change, the shortcut is a 1 × 1 convolution of the activated input, without normalisation; elsewhere
 * it is the input itself.
 */
function preActivationBlock(tensors: NetworkTensors, name: string, { inputs, outputs, stride }: BlockSpec): Layer {
  const activate = chain(batchNorm(tensors, `${name}.bn1`, inputs).layer, relu);
  const residual = chain(
    convBatchNorm(tensors, { conv: `${name}.conv1`, norm: `${name}.bn2` }, { inputs, outputs, kernel: 3, stride }),
    relu,
    convolution(tensors, `${name}.conv2`, { inputs: outputs, outputs, kernel: 3 }).layer,
  );
  const project =
    inputs === outputs
      ? null
      : convolution(tensors, `${name}.convShortcut`, { inputs, outputs, kernel: 1, stride }).layer;
  return (input, mode) => {
    const activated = activate(input, mode);
    const shortcut = project === null ? input : project(activated, mode);
    return tf.add(shortcut, residual(activated, mode));
  };
}
