/**
 * VGG with batch normalisation and one linear layer, for images of 32 or 64 pixels. Named in weight files as in
 * RepDistiller.
 * @see Simonyan and Zisserman, "Very Deep Convolutional Networks", 2015
 */
import { zeros } from './initial-values.ts';
import { chain, convBatchNorm, globalAveragePool, linear, maxPool2, relu } from './layers.ts';
import type { Architecture, Layer, NetworkTensors } from './network.ts';

/** Convolutions in each of the five blocks. */
const depths: Readonly<Record<string, readonly number[]>> = {
  vgg8: [1, 1, 1, 1, 1],
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
};
const widths = [64, 128, 256, 512, 512];

/** A convolution, its normalisation and a ReLU are three entries of the published module list. */
const entriesPerConvolution = 3;

export const vggs: readonly Architecture[] = Object.entries(depths).map(([name, depth]) => ({
  name,
  build: (tensors, { imageSize, channels, classes }) => {
    const layers: Layer[] = [];
    let inputs = channels;
    for (const [block, outputs] of widths.entries()) {
      for (let index = 0; index < depth[block]!; index += 1) {
        layers.push(normalisedConv(tensors, `block${block}`, index, { inputs, outputs }), relu);
        inputs = outputs;
      }
      if (block < poolsFor(imageSize)) layers.push(maxPool2);
    }
    const features = chain(...layers);
    const head = linear(tensors, 'classifier', {
      inputs,
      outputs: classes,
      weight: { kind: 'normal', deviation: 0.01 },
      bias: zeros,
    });
    return (images, mode) => head(globalAveragePool(features(images, mode)));
  },
}));

/** The published network pools after the fourth block only where that still leaves 4 × 4 positions. */
function poolsFor(imageSize: number): number {
  return imageSize >= 64 ? 4 : 3;
}

function normalisedConv(
  tensors: NetworkTensors,
  block: string,
  index: number,
  size: { readonly inputs: number; readonly outputs: number },
): Layer {
  const entry = index * entriesPerConvolution;
  const names = { conv: `${block}.${entry}`, norm: `${block}.${entry + 1}` };
  return convBatchNorm(tensors, names, { ...size, kernel: 3, bias: true });
}
