import { shortHash } from './identity.ts';
import { missingData } from './missing-data.ts';

/** An image file and its class. */
export interface ListedImage {
  /** Relative to the dataset's image folder, with `/` between the parts. */
  readonly path: string;
  /** 0-based. */
  readonly label: number;
}

/** Which image belongs to which part. */
export interface ImageSplit {
  readonly classNames: readonly string[];
  readonly train: readonly ListedImage[];
  readonly val: readonly ListedImage[] | null;
  readonly test: readonly ListedImage[];
}

/** All images in packed order: train, val, test. */
export function imagesOf(split: ImageSplit): readonly ListedImage[] {
  return [...split.train, ...(split.val ?? []), ...split.test];
}

/** Hash of paths, labels and parts: two hosts that agree on it train and test on the same files. */
export function hashSplit(split: ImageSplit): string {
  const lines = (part: string, images: readonly ListedImage[]) =>
    images.map((image) => `${part} ${image.label} ${image.path}\n`).join('');
  return shortHash(lines('train', split.train), lines('val', split.val ?? []), lines('test', split.test));
}

/**
 * Refuses a path that could leave the dataset's folder or that no official list contains.
 * @throws {TrialError} MISSING_DATA naming the list
 */
export function assertInsideFolder(path: string, listName: string): void {
  const segments = path.split('/');
  const unsafe =
    path.includes('\\') ||
    path.includes('\0') ||
    /^[a-z]:/i.test(path) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (unsafe) {
    throw missingData(
      `Cannot use "${listName}": image path ${JSON.stringify(path)} is not a plain path below the dataset's image folder`,
    );
  }
}
