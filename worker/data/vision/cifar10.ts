import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBoundedFile } from '../bounded-file.ts';
import { cifarImageSize, openCifarFile } from '../formats/cifar-binary.ts';
import { datasetIdentity, labelBytes, shortHash } from '../identity.ts';
import { missingData } from '../missing-data.ts';
import { openPacked } from '../packed-dataset.ts';
import { joinParts } from '../parts.ts';
import { resampleSquare, resampling } from '../resample.ts';
import type { DatasetPresence, DatasetSource, ImageDataset, ImagePart, OpenDatasetOptions } from '../source.ts';

const layout = { labelBytes: 1, labelAt: 0, classes: 10 };
const imagesPerFile = 10_000;
const trainBatches = [1, 2, 3, 4, 5];
const nativeShape = { height: cifarImageSize, width: cifarImageSize, channels: 3 } as const;
const imageBytes = cifarImageSize * cifarImageSize * 3;

/** Label order of batches.meta.txt. */
const officialNames = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** Mean and standard deviation over the 50 000 training images, all pixels of a channel together. */
const normalisation = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };

/** CIFAR-10, binary version. Training batches that are absent are left out and named; the test batch is needed. */
export const cifar10: DatasetSource = {
  name: 'cifar10',
  locate: async (dataDir) => locateCifar10(folderIn(dataDir)),
  open: openCifar10,
};

async function openCifar10(options: OpenDatasetOptions): Promise<ImageDataset> {
  const folder = folderIn(options.dataDir);
  const presence = locateCifar10(folder);
  if (!presence.present) throw missingData(`Cannot open cifar10: ${presence.problem}, expected ${presence.howToGet}`);
  const present = presentBatches(folder);
  const batches = await Promise.all(
    present.map((n) => openCifarFile(trainBatchPath(folder, n), imagesPerFile, layout)),
  );
  const train = joinParts(batches, imageBytes);
  const test = await openCifarFile(testBatchPath(folder), imagesPerFile, layout);
  const { imageSize } = options;
  const native = imageSize === cifarImageSize;
  return {
    name: 'cifar10',
    classNames: await readClassNames(join(folder, 'batches.meta.txt')),
    height: imageSize,
    width: imageSize,
    channels: 3,
    ...(native ? { train, test } : await openResized(folder, train, test, options)),
    val: null,
    normalisation,
    description: describe(present, train.count, test.count),
    identity: datasetIdentity({
      name: 'cifar10',
      split: `batches-${present.join('+')}-${shortHash(labelBytes(train.labels), labelBytes(test.labels))}`,
      imageSize,
      resampling: native ? null : resampling,
      normalisation,
    }),
  };
}

function openResized(folder: string, train: ImagePart, test: ImagePart, options: OpenDatasetOptions) {
  const { imageSize } = options;
  const content = {
    shape: { height: imageSize, width: imageSize, channels: 3 },
    train: train.labels,
    val: null,
    test: test.labels,
  };
  const both = joinParts([train, test], imageBytes);
  const produce = async (position: number, out: Uint8Array) => {
    const pixels = new Uint8Array(imageBytes);
    await both.readPixels([position], pixels);
    out.set(resampleSquare({ pixels, ...nativeShape }, imageSize));
  };
  return openPacked('cifar10', [folder, resampling], content, produce, options);
}

function describe(present: readonly number[], train: number, test: number): string {
  const absent = trainBatches.filter((n) => !present.includes(n));
  const note = absent.length === 0 ? '' : ` (without data_batch_${absent.join(', _')}: they are not in the folder)`;
  return `CIFAR-10: ${train} training images${note} and ${test} test images`;
}

function locateCifar10(folder: string): DatasetPresence {
  const missing = [
    ...(presentBatches(folder).length === 0 ? ['data_batch_1.bin to data_batch_5.bin'] : []),
    ...(existsSync(testBatchPath(folder)) ? [] : ['test_batch.bin']),
  ];
  if (missing.length === 0) return { present: true, folder };
  return {
    present: false,
    problem: `no ${missing.join(' and no ')} in ${folder}`,
    howToGet: 'cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, unpacked in the folder cifar10',
  };
}

async function readClassNames(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return officialNames;
  const text = (await readBoundedFile(path, 64 << 10)).toString('utf8');
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length !== layout.classes) {
    throw missingData(`Cannot use "${path}": it has ${names.length} class names, expected ${layout.classes}`);
  }
  return names;
}

function presentBatches(folder: string): readonly number[] {
  return trainBatches.filter((n) => existsSync(trainBatchPath(folder, n)));
}

function folderIn(dataDir: string): string {
  return join(dataDir, 'cifar10', 'cifar-10-batches-bin');
}

function trainBatchPath(folder: string, n: number): string {
  return join(folder, `data_batch_${n}.bin`);
}

function testBatchPath(folder: string): string {
  return join(folder, 'test_batch.bin');
}
