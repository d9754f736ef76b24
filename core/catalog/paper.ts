/** The (alpha, beta) that the paper chose for a dataset and pair, with the value that it reports where it gives one. */
export interface PublishedChoice {
  readonly dataset: string;
  readonly teacher: string;
  readonly student: string;
  readonly alpha: number;
  readonly beta: number;
  /** In the unit of the paper's metric for the benchmark: top-1 %, harmonic mean % (base-to-new), ROUGE-L. */
  readonly value: number | null;
  readonly metric: 'top1' | 'hm' | 'rougeL';
  readonly source: string;
}

type Row = readonly [alpha: number, beta: number, value: number | null];

const paper = 'arXiv:2505.04560';

/** Table 4. The eight accuracies are a chart there; two of the pairs have a number in table 13. */
const cifar100: readonly PublishedChoice[] = (
  [
    ['wrn-40-2', 'wrn-16-2', 0.6, 0.5, null],
    ['wrn-40-2', 'wrn-40-1', 0.9, 0.2, null],
    ['resnet56', 'resnet20', 0.8, 0.3, 71.79],
    ['resnet110', 'resnet20', 0.8, 0.3, 71.72],
    ['resnet110', 'resnet32', 0.7, 0.4, null],
    ['resnet32x4', 'resnet8x4', 0.5, 0.5, null],
    ['vgg13', 'vgg8', 0.9, 0.2, null],
    ['resnet110', 'resnet44', 0.8, 0.3, null],
  ] as const
).map(([teacher, student, alpha, beta, value]) => ({
  dataset: 'cifar100',
  teacher,
  student,
  alpha,
  beta,
  value,
  metric: 'top1',
  source: value === null ? `${paper}, table 4` : `${paper}, tables 4 and 13`,
}));

/** Table 6 (choices) and table 16 (harmonic means), CLIP ViT-L/14 to ViT-B/16. */
const baseToNewRows: Readonly<Record<string, Row>> = {
  imagenet: [0.5, 0.5, 78.0],
  caltech101: [0.8, 0.2, 98.18],
  oxford_pets: [0.8, 0.4, 97.51],
  stanford_cars: [0.6, 0.4, 83.72],
  flowers102: [0.9, 0.1, 90.67],
  food101: [0.5, 0.5, 93.14],
  fgvc_aircraft: [0.6, 0.5, 45.86],
  sun397: [0.8, 0.2, 82.8],
  dtd: [1.0, 0.2, 78.98],
  eurosat: [0.6, 0.5, 90.3],
  ucf101: [0.8, 0.2, 86.73],
};

const baseToNew: readonly PublishedChoice[] = Object.entries(baseToNewRows).map(([dataset, [alpha, beta, value]]) => ({
  dataset,
  teacher: 'clip-vit-l14',
  student: 'clip-vit-b16',
  alpha,
  beta,
  value,
  metric: 'hm',
  source: `${paper}, tables 6 and 16 (base-to-new)`,
}));

const instructDatasets = [
  'dolly',
  'self_instruct',
  'vicuna',
  'super_natural_instructions',
  'unnatural_instructions',
] as const;

/** Table 7 (one choice for all) and table 2 (ROUGE-L, in the order of `instructDatasets`). */
const instructRows: Readonly<Record<string, readonly number[]>> = {
  gpt2: [25.65, 13.47, 16.06, 26.47, 29.32],
  'gpt2-medium': [26.08, 13.86, 16.63, 27.25, 29.69],
  'gpt2-large': [26.51, 14.38, 16.63, 28.05, 29.92],
};

const instruct: readonly PublishedChoice[] = Object.entries(instructRows).flatMap(([student, values]) =>
  instructDatasets.map((dataset, index) => ({
    dataset,
    teacher: 'gpt2-xl',
    student,
    alpha: 0.2,
    beta: 0.7,
    value: values[index]!,
    metric: 'rougeL' as const,
    source: `${paper}, tables 2 and 7`,
  })),
);

export const publishedChoices: readonly PublishedChoice[] = [...cifar100, ...baseToNew, ...instruct];

/** The published choice for exactly this dataset and pair; null where there is none. */
export function findPublished(dataset: string, teacher: string | null, student: string): PublishedChoice | null {
  return (
    publishedChoices.find(
      (choice) => choice.dataset === dataset && choice.teacher === teacher && choice.student === student,
    ) ?? null
  );
}

/** Every published choice for the dataset, whatever the pair. */
export function listPublished(dataset: string): readonly PublishedChoice[] {
  return publishedChoices.filter((choice) => choice.dataset === dataset);
}
