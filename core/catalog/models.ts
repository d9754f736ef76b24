/** A model that a task may name. */
export interface ModelEntry {
  readonly title: string;
  readonly family: 'cnn' | 'resnet' | 'wrn' | 'vgg' | 'mobilenet' | 'shufflenet' | 'clip' | 'gpt2' | 'llama';
  /** False: known by name, not built in this version. */
  readonly available: boolean;
}

const built = (title: string, family: ModelEntry['family']): ModelEntry => ({ title, family, available: true });
const later = (title: string, family: ModelEntry['family']): ModelEntry => ({ title, family, available: false });

/** Names follow the paper and the repositories that its checkpoints come from. */
export const models: Readonly<Record<string, ModelEntry>> = {
  'cnn-s': built('small CNN, the student of the demo', 'cnn'),
  'cnn-m': built('medium CNN, the teacher of the demo', 'cnn'),
  resnet8: built('ResNet-8 (CIFAR)', 'resnet'),
  resnet14: built('ResNet-14 (CIFAR)', 'resnet'),
  resnet20: built('ResNet-20 (CIFAR)', 'resnet'),
  resnet32: built('ResNet-32 (CIFAR)', 'resnet'),
  resnet44: built('ResNet-44 (CIFAR)', 'resnet'),
  resnet56: built('ResNet-56 (CIFAR)', 'resnet'),
  resnet110: built('ResNet-110 (CIFAR)', 'resnet'),
  resnet8x4: built('ResNet-8, four times as wide', 'resnet'),
  resnet32x4: built('ResNet-32, four times as wide', 'resnet'),
  'resnet20-a': built('ResNet-20 (CIFAR-10, option-A shortcuts)', 'resnet'),
  'resnet32-a': built('ResNet-32 (CIFAR-10, option-A shortcuts)', 'resnet'),
  'resnet44-a': built('ResNet-44 (CIFAR-10, option-A shortcuts)', 'resnet'),
  'resnet56-a': built('ResNet-56 (CIFAR-10, option-A shortcuts)', 'resnet'),
  'resnet110-a': built('ResNet-110 (CIFAR-10, option-A shortcuts)', 'resnet'),
  resnet50: built('ResNet-50', 'resnet'),
  'wrn-16-1': built('Wide ResNet 16-1', 'wrn'),
  'wrn-16-2': built('Wide ResNet 16-2', 'wrn'),
  'wrn-40-1': built('Wide ResNet 40-1', 'wrn'),
  'wrn-40-2': built('Wide ResNet 40-2', 'wrn'),
  vgg8: built('VGG-8', 'vgg'),
  vgg11: built('VGG-11', 'vgg'),
  vgg13: built('VGG-13', 'vgg'),
  vgg16: built('VGG-16', 'vgg'),
  vgg19: built('VGG-19', 'vgg'),
  mobilenetv2: built('MobileNetV2, half width', 'mobilenet'),
  shufflenetv1: built('ShuffleNet V1', 'shufflenet'),
  shufflenetv2: built('ShuffleNet V2', 'shufflenet'),
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
