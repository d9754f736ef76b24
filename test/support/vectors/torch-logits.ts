/**
 * The first five logits of the first of four images, from the published PyTorch definitions of these networks
 * (RepDistiller's for CIFAR-100, pytorch_resnet_cifar10's with the suffix `-a`) in PyTorch 2.15, float64, 100 classes,
 * 32 × 32 × 3, with the weights and images of `hashed-weights.ts`: in evaluation, then in training mode.
 */
export const torchLogits: Readonly<
  Record<string, { readonly evaluation: readonly number[]; readonly training: readonly number[] }>
> = {
  resnet8: {
    evaluation: [-0.72110704, -9.6941363, -3.6845927, -2.8411788, 2.3353167],
    training: [-0.06716023, -2.4164237, -0.51541839, -1.5168631, 0.30384832],
  },
  resnet8x4: {
    evaluation: [-6.7653071, 3.1733153, 2.91438, -0.70525014, -0.97067735],
    training: [-2.4337587, 1.2154298, 0.011976292, -0.83944517, -0.12007222],
  },
  'resnet20-a': {
    evaluation: [-28.058663, -7.3803479, -42.969381, -30.105428, -0.94472756],
    training: [-0.78687853, 2.6498565, -2.15519, -4.1605149, -0.21063447],
  },
  'wrn-16-1': {
    evaluation: [-0.44027255, -25.208982, 2.5716019, -6.4250298, 5.8057816],
    training: [-0.077268531, -1.5952572, -0.46621252, -0.96168518, 0.0676858],
  },
  'wrn-16-2': {
    evaluation: [-28.382763, -3.9292128, -7.0868821, 21.16541, 19.483094],
    training: [-1.489213, -0.79317166, 0.52129858, 0.94321117, 0.22452981],
  },
  vgg8: {
    evaluation: [-3.6848998, 5.6912534, -1.8043648, -0.2770121, -5.1896174],
    training: [-0.23066911, -0.020995592, -0.73348288, 0.059991944, -0.33023084],
  },
  mobilenetv2: {
    evaluation: [1124.8674, 695.77662, -70.817325, 1582.4094, 2916.74],
    training: [0.068654423, 0.68999236, -0.6302468, 0.9117809, 1.3131722],
  },
  shufflenetv1: {
    evaluation: [490.98894, -169.56806, 205.46386, 33.029493, -132.55793],
    training: [1.9267626, -0.23103774, 1.0142992, -0.69445928, -1.9511697],
  },
  shufflenetv2: {
    evaluation: [-3.1901327, 147.63594, 5.3373634, 36.12356, 7.753885],
    training: [0.31394473, -0.00014491304, -0.015649752, 0.33737349, -0.20562503],
  },
  resnet50: {
    evaluation: [3243.8487, 2637.4321, 1132.8821, -3111.6406, 198.44297],
    training: [0.23273994, 2.0056146, 0.22968935, 0.21642324, 1.4331186],
  },
};
