import { heldOutImages } from '../../core/catalog/datasets.ts';
import { deriveSeed } from '../../core/random.ts';
import type { TaskDefinition, TrainingDefinition } from '../../core/task.ts';
import { copyImages } from './parts.ts';
import { sampleStratified, without } from './sample.ts';
import type { ImageDataset, ImagePart } from './source.ts';

/** Parts up to this size are kept in memory from their first read on; larger ones are read batch by batch. */
const maxHeldBytes = 256 << 20;

/** Images of one dataset part, drawn by a seed. */
export interface SelectedPart extends ImagePart {
  /** The part of the dataset that they come from. */
  readonly source: ImagePart;
  /** Their positions there, ascending. */
  readonly positions: Int32Array;
  readonly imageBytes: number;
  /** Names dataset, preprocessing, part and draw; equal identities mean equal images in equal order. */
  readonly identity: string;
}

/** What a trial trains on, selects on and tests on. */
export interface SelectedParts {
  readonly train: SelectedPart;
  readonly selection: SelectedPart;
  readonly test: SelectedPart;
  /** In plain words: what was found, where the selection part comes from, what limits left. */
  readonly description: string;
}

export type SelectPartsOptions = Pick<TaskDefinition, 'splitSeed' | 'selectOn'> &
  Pick<TrainingDefinition, 'limitTrain' | 'limitVal' | 'limitTest'>;

/**
 * The parts of a dataset that a task uses, the same in each of its trials and on every host.
 *
 * `selectOn: 'val'` selects on the validation part of the dataset or, where there is none, on a seeded 10 % of train, drawn
 * class by class and taken out of train. `selectOn: 'test'` (the paper's protocol) selects on the test part, limited by
 * `limitTest`, and trains on all of train. Limits draw class by class with `splitSeed`, after the split: a limit never
 * moves an image from one part to another.
 */
export function selectParts(dataset: ImageDataset, options: SelectPartsOptions): SelectedParts {
  const { splitSeed } = options;
  const { train, selection, rule } = splitTrain(dataset, options);
  const limitedTrain = limitPart(train, options.limitTrain, splitSeed);
  const test = limitPart(wholePart(dataset, dataset.test, 'test'), options.limitTest, splitSeed);
  const limitedSelection = selection === null ? test : limitPart(selection, options.limitVal, splitSeed);
  return {
    train: limitedTrain,
    selection: limitedSelection,
    test,
    description: [
      dataset.description,
      rule,
      `trains on ${limitedTrain.count}, selects on ${limitedSelection.count}, tests on ${test.count} images`,
    ].join('; '),
  };
}

/**
 * At most `limit` images of a part, drawn class by class with `seed`; null keeps all. A teacher that learns from its
 * own number of images draws them from the unlimited `train` of `selectParts`.
 */
export function limitPart(part: SelectedPart, limit: number | null, seed: number): SelectedPart {
  if (limit === null || limit >= part.count) return part;
  const positions = sampleStratified(part.source.labels, part.positions, limit, deriveSeed('limit', seed));
  return createSelectedPart(part.source, positions, part.imageBytes, `${part.identity}/limit${limit}-seed${seed}`);
}

interface TrainSplit {
  readonly train: SelectedPart;
  /** null where the test part is selected on. */
  readonly selection: SelectedPart | null;
  readonly rule: string;
}

function splitTrain(dataset: ImageDataset, { selectOn, splitSeed }: SelectPartsOptions): TrainSplit {
  const train = wholePart(dataset, dataset.train, 'train');
  if (selectOn === 'test') return { train, selection: null, rule: 'selects on the test part' };
  if (dataset.val !== null) {
    return {
      train,
      selection: wholePart(dataset, dataset.val, 'val'),
      rule: 'selects on the validation part of the dataset',
    };
  }
  const size = heldOutImages(train.count);
  const heldOut = sampleStratified(train.labels, train.positions, size, deriveSeed('heldOut', splitSeed));
  const draw = `${dataset.identity}/train/heldout10-seed${splitSeed}`;
  return {
    train: createSelectedPart(dataset.train, without(train.positions, heldOut), train.imageBytes, `${draw}/rest`),
    selection: createSelectedPart(dataset.train, heldOut, train.imageBytes, `${draw}/heldout`),
    rule: `selects on ${size} training images held out with seed ${splitSeed}, stratified by class`,
  };
}

function wholePart(dataset: ImageDataset, part: ImagePart, name: string): SelectedPart {
  const positions = Int32Array.from({ length: part.count }, (_, position) => position);
  const imageBytes = dataset.height * dataset.width * dataset.channels;
  return createSelectedPart(part, positions, imageBytes, `${dataset.identity}/${name}`);
}

function createSelectedPart(
  source: ImagePart,
  positions: Int32Array,
  imageBytes: number,
  identity: string,
): SelectedPart {
  let held: Promise<Uint8Array> | null = null;
  const readHeld = () => {
    held ??= loadPixels(source, positions, imageBytes);
    return held;
  };
  const readThrough = (indices: ArrayLike<number>, out: Uint8Array) =>
    source.readPixels(
      Int32Array.from(indices, (index) => positions[index]!),
      out,
    );
  const holds = positions.length * imageBytes <= maxHeldBytes;
  return {
    source,
    positions,
    imageBytes,
    identity,
    count: positions.length,
    labels: Int32Array.from(positions, (position) => source.labels[position]!),
    readPixels: async (indices, out) =>
      holds ? copyImages(await readHeld(), indices, out, imageBytes) : readThrough(indices, out),
  };
}

/** Images that one call reads; between calls the event loop gets its turn. */
const loadChunk = 1024;

async function loadPixels(source: ImagePart, positions: Int32Array, imageBytes: number): Promise<Uint8Array> {
  const pixels = new Uint8Array(positions.length * imageBytes);
  for (let start = 0; start < positions.length; start += loadChunk) {
    const end = Math.min(start + loadChunk, positions.length);
    await source.readPixels(positions.subarray(start, end), pixels.subarray(start * imageBytes, end * imageBytes));
  }
  return pixels;
}
