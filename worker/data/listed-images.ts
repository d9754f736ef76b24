import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { datasetIdentity } from './identity.ts';
import { decodeImageFile } from './image.ts';
import { hashSplit, type ImageSplit, imagesOf, type ListedImage } from './image-list.ts';
import { unreadableFile } from './missing-data.ts';
import { openPacked } from './packed-dataset.ts';
import { resampling } from './resample.ts';
import type { ImageDataset, Normalisation, OpenDatasetOptions } from './source.ts';

/** A dataset of image files and the list that splits them. */
export interface ListedDataset {
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  /** Folder that the paths of the split are relative to. */
  readonly imageFolder: string;
  readonly split: ImageSplit;
  /** Where the split comes from: `coop`, `made1`. Part of the identity. */
  readonly splitOrigin: string;
  /** The same in plain words. */
  readonly splitDescription: string;
  readonly normalisation: Normalisation;
}

/** Opens a dataset of image files: decoded and resized once per host, then read from the packed file. */
export async function openListedImages(listed: ListedDataset, options: OpenDatasetOptions): Promise<ImageDataset> {
  const { split, imageFolder } = listed;
  const { imageSize } = options;
  const images = imagesOf(split);
  const splitHash = hashSplit(split);
  const content = {
    shape: { height: imageSize, width: imageSize, channels: 3 },
    train: labelsOf(split.train),
    val: split.val && labelsOf(split.val),
    test: labelsOf(split.test),
  };
  const source = [imageFolder, splitHash, resampling, ...(await folderAges(imageFolder, images))];
  const produce = (position: number, out: Uint8Array) =>
    decodeImageFile(imageFolder, images[position]!.path, imageSize, out);
  return {
    name: listed.name,
    classNames: split.classNames,
    ...content.shape,
    ...(await openPacked(listed.name, source, content, produce, options)),
    normalisation: listed.normalisation,
    description: describe(listed),
    identity: datasetIdentity({
      name: listed.name,
      split: `${listed.splitOrigin}-${splitHash}`,
      imageSize,
      resampling,
      normalisation: listed.normalisation,
    }),
  };
}

/** When images were last added to or removed from each folder: a changed folder is decoded again. */
async function folderAges(imageFolder: string, images: readonly ListedImage[]): Promise<readonly string[]> {
  const folders = [...new Set(images.map((image) => dirname(image.path)))].sort();
  return Promise.all(
    folders.map(async (folder) => {
      const path = join(imageFolder, folder);
      const found = await stat(path).catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
      return `${folder} ${found.mtimeMs}`;
    }),
  );
}

function labelsOf(images: readonly ListedImage[]): Int32Array {
  return Int32Array.from(images, (image) => image.label);
}

function describe({ title, split, splitDescription }: ListedDataset): string {
  const counts = [
    `${split.train.length} training`,
    ...(split.val === null ? [] : [`${split.val.length} validation`]),
    `${split.test.length} test`,
  ];
  return `${title}: ${counts.join(', ')} images, ${splitDescription}`;
}
