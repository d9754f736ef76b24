/** What PyTorch computes with `hashed-weights.ts`. */
export interface TorchLogits {
  readonly imageSize: number;
  readonly evaluation: readonly number[];
  readonly training: readonly number[];
}

/**
 * The first five logits of the first of four images, from the published PyTorch definitions of these networks
 * (RepDistiller's for CIFAR-100, pytorch_resnet_cifar10's with the suffix `-a`) in PyTorch 2.15, float64, 100 classes,
 * with the weights and images of `hashed-weights.ts`: in evaluation, then in training mode.
 */
export const torchLogits: Readonly<Record<string, TorchLogits>> = {
  resnet8: {
    imageSize: 32,
    evaluation: [-0.72110704, -9.6941363, -3.6845927, -2.8411788, 2.3353167],
    training: [-0.06716023, -2.4164237, -0.51541839, -1.5168631, 0.30384832],
  },
  resnet8x4: {
    imageSize: 32,
    evaluation: [-6.7653071, 3.1733153, 2.91438, -0.70525014, -0.97067735],
    training: [-2.4337587, 1.2154298, 0.011976292, -0.83944517, -0.12007222],
  },
  'resnet20-a': {
    imageSize: 32,
    evaluation: [-28.058663, -7.3803479, -42.969381, -30.105428, -0.94472756],
    training: [-0.78687853, 2.6498565, -2.15519, -4.1605149, -0.21063447],
  },
  'wrn-16-1': {
    imageSize: 32,
    evaluation: [-0.44027255, -25.208982, 2.5716019, -6.4250298, 5.8057816],
    training: [-0.077268531, -1.5952572, -0.46621252, -0.96168518, 0.0676858],
  },
  'wrn-16-2': {
    imageSize: 32,
    evaluation: [-28.382763, -3.9292128, -7.0868821, 21.16541, 19.483094],
    training: [-1.489213, -0.79317166, 0.52129858, 0.94321117, 0.22452981],
  },
  vgg8: {
    imageSize: 32,
    evaluation: [-3.6848998, 5.6912534, -1.8043648, -0.2770121, -5.1896174],
    training: [-0.23066911, -0.020995592, -0.73348288, 0.059991944, -0.33023084],
  },
  mobilenetv2: {
    imageSize: 32,
    evaluation: [1124.8674, 695.77662, -70.817325, 1582.4094, 2916.74],
    training: [0.068654423, 0.68999236, -0.6302468, 0.9117809, 1.3131722],
  },
  shufflenetv1: {
    imageSize: 32,
    evaluation: [490.98894, -169.56806, 205.46386, 33.029493, -132.55793],
    training: [1.9267626, -0.23103774, 1.0142992, -0.69445928, -1.9511697],
  },
  shufflenetv2: {
    imageSize: 32,
    evaluation: [-3.1901327, 147.63594, 5.3373634, 36.12356, 7.753885],
    training: [0.31394473, -0.00014491304, -0.015649752, 0.33737349, -0.20562503],
  },
  resnet50: {
    imageSize: 16,
    evaluation: [702.7341, 1604.338, 911.29951, -1589.2397, 756.62816],
    training: [-0.056601613, 2.6096105, -0.19025985, 0.77588505, 1.7709246],
  },
};
