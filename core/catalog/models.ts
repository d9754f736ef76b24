/** A model that a task may name. */
export interface ModelEntry {
  readonly title: string;
  readonly family: 'cnn' | 'resnet' | 'wrn' | 'vgg' | 'mobilenet' | 'shufflenet' | 'clip' | 'gpt2' | 'llama';
  /** False: known by name, not built in this version. */
  readonly available: boolean;
}

const later = (title: string, family: ModelEntry['family']): ModelEntry => ({ title, family, available: false });

/** Names follow the paper and the repositories that its checkpoints come from. */
export const models: Readonly<Record<string, ModelEntry>> = {
  'cnn-s': { title: 'small CNN, the student of the demo', family: 'cnn', available: true },
  'cnn-m': { title: 'medium CNN, the teacher of the demo', family: 'cnn', available: true },
  resnet8: later('ResNet-8 (CIFAR)', 'resnet'),
  resnet14: later('ResNet-14 (CIFAR)', 'resnet'),
  resnet20: later('ResNet-20 (CIFAR)', 'resnet'),
  resnet32: later('ResNet-32 (CIFAR)', 'resnet'),
  resnet44: later('ResNet-44 (CIFAR)', 'resnet'),
  resnet56: later('ResNet-56 (CIFAR)', 'resnet'),
  resnet110: later('ResNet-110 (CIFAR)', 'resnet'),
  resnet8x4: later('ResNet-8, four times as wide', 'resnet'),
  resnet32x4: later('ResNet-32, four times as wide', 'resnet'),
  resnet50: later('ResNet-50', 'resnet'),
  'wrn-16-2': later('Wide ResNet 16-2', 'wrn'),
  'wrn-40-1': later('Wide ResNet 40-1', 'wrn'),
  'wrn-40-2': later('Wide ResNet 40-2', 'wrn'),
  vgg8: later('VGG-8', 'vgg'),
  vgg13: later('VGG-13', 'vgg'),
  mobilenetv2: later('MobileNetV2', 'mobilenet'),
  shufflenetv1: later('ShuffleNet V1', 'shufflenet'),
  shufflenetv2: later('ShuffleNet V2', 'shufflenet'),
  'clip-vit-b16': later('CLIP ViT-B/16', 'clip'),
  'clip-vit-l14': later('CLIP ViT-L/14', 'clip'),
  gpt2: later('GPT-2 0.1B', 'gpt2'),
  'gpt2-medium': later('GPT-2 0.3B', 'gpt2'),
  'gpt2-large': later('GPT-2 0.8B', 'gpt2'),
  'gpt2-xl': later('GPT-2 1.5B', 'gpt2'),
  'openllama2-3b': later('OpenLLaMA2 3B', 'llama'),
  'openllama2-7b': later('OpenLLaMA2 7B', 'llama'),
};

export const availableModels: readonly string[] = Object.keys(models).filter((name) => models[name]!.available);
