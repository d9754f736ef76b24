import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCoopSplit } from '../formats/coop-split.ts';
import { openListedImages } from '../listed-images.ts';
import { madeSplitOrigin, makeSplit } from '../made-split.ts';
import { missingData, unreadableFile } from '../missing-data.ts';
import type { DatasetPresence, DatasetSource, ImageDataset, OpenDatasetOptions } from '../source.ts';

/** Folder of each class in label order, and CoOp's name of it. */
const classes = [
  ['AnnualCrop', 'Annual Crop Land'],
  ['Forest', 'Forest'],
  ['HerbaceousVegetation', 'Herbaceous Vegetation Land'],
  ['Highway', 'Highway or Road'],
  ['Industrial', 'Industrial Buildings'],
  ['Pasture', 'Pasture Land'],
  ['PermanentCrop', 'Permanent Crop Land'],
  ['Residential', 'Residential Buildings'],
  ['River', 'River'],
  ['SeaLake', 'Sea or Lake'],
] as const;

/** Fewest images of a class that leave one for each part. */
const minPerClass = 3;

/** Mean and standard deviation over the 13 500 training images of the CoOp split at 64x64. */
const normalisation = { mean: [0.3445, 0.3805, 0.4081], std: [0.2022, 0.1367, 0.1156] };

/** EuroSAT (RGB): class folders of JPEGs and, where it is there, CoOp's split file. */
export const eurosat: DatasetSource = {
  name: 'eurosat',
  locate: async (dataDir) => locateEurosat(dataDir),
  open: openEurosat,
};

async function openEurosat(options: OpenDatasetOptions): Promise<ImageDataset> {
  const presence = locateEurosat(options.dataDir);
  if (!presence.present) throw missingData(`Cannot open eurosat: ${presence.problem}, expected ${presence.howToGet}`);
  const imageFolder = presence.folder;
  const splitFile = splitFileIn(options.dataDir);
  const listed = existsSync(splitFile)
    ? {
        split: await readCoopSplit(splitFile),
        splitOrigin: 'coop',
        splitDescription: 'split by CoOp (split_zhou_EuroSAT.json)',
      }
    : {
        split: await splitFolders(imageFolder),
        splitOrigin: madeSplitOrigin,
        splitDescription: 'split here 50/20/30 per class, because split_zhou_EuroSAT.json is not there',
      };
  return openListedImages({ name: 'eurosat', title: 'EuroSAT', imageFolder, normalisation, ...listed }, options);
}

async function splitFolders(imageFolder: string) {
  const imagesByClass = await Promise.all(classes.map(([folder]) => listImages(imageFolder, folder)));
  return makeSplit(
    classes.map(([, name]) => name),
    imagesByClass,
  );
}

async function listImages(imageFolder: string, folder: string): Promise<readonly string[]> {
  const path = join(imageFolder, folder);
  const names = await readdir(path).catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
  const images = names.filter((name) => /\.jpe?g$/i.test(name)).map((name) => `${folder}/${name}`);
  if (images.length < minPerClass) {
    throw missingData(
      `Cannot split eurosat: "${path}" has ${images.length} JPEG images, expected ${minPerClass} or more`,
    );
  }
  return images;
}

function locateEurosat(dataDir: string): DatasetPresence {
  const folder = join(dataDir, 'eurosat', '2750');
  const missing = classes.map(([name]) => name).filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return { present: true, folder };
  return {
    present: false,
    problem: existsSync(folder) ? `no class folder ${missing.join(', ')} in ${folder}` : `no folder ${folder}`,
    howToGet:
      'EuroSAT.zip (RGB) from https://github.com/phelber/EuroSAT unpacked in the folder eurosat, and split_zhou_EuroSAT.json of CoOp beside 2750',
  };
}

function splitFileIn(dataDir: string): string {
  return join(dataDir, 'eurosat', 'split_zhou_EuroSAT.json');
}
