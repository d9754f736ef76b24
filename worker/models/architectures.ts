import { mobileNetV2 } from './mobilenetv2.ts';
import type { Architecture } from './network.ts';
import { resnets } from './resnet.ts';
import { resnet50 } from './resnet50.ts';
import { shuffleNetV1 } from './shufflenetv1.ts';
import { shuffleNetV2 } from './shufflenetv2.ts';
import { vggs } from './vgg.ts';
import { wideResNets } from './wrn.ts';

/** The published networks for images of 32 pixels, under the paper's names. */
export const architectures: readonly Architecture[] = [
  ...resnets,
  ...wideResNets,
  ...vggs,
  mobileNetV2,
  shuffleNetV1,
  shuffleNetV2,
  resnet50,
];
