import { createRandom, deriveSeed } from '../../core/random.ts';
import type { ImageSplit, ListedImage } from './image-list.ts';

/** Shares of each class, as CoOp takes where a dataset has no official parts; the rest (30 %) is for testing. */
const trainShare = 0.5;
const valShare = 0.2;

/** Changes when the same files would be split otherwise. */
export const madeSplitOrigin = 'made1';

/**
 * Splits the images of each class 50/20/30 into train, val and test with a fixed seed: the same files give the same
 * split on every host. `imagesByClass` holds the paths of each class, in label order.
 */
export function makeSplit(classNames: readonly string[], imagesByClass: readonly (readonly string[])[]): ImageSplit {
  const train: ListedImage[] = [];
  const val: ListedImage[] = [];
  const test: ListedImage[] = [];
  for (const [label, unordered] of imagesByClass.entries()) {
    const paths = [...unordered].sort();
    const order = createRandom(deriveSeed(madeSplitOrigin, label)).permutation(paths.length);
    const trainEnd = Math.round(paths.length * trainShare);
    const valEnd = trainEnd + Math.round(paths.length * valShare);
    for (const [i, position] of order.entries()) {
      const part = i < trainEnd ? train : i < valEnd ? val : test;
      part.push({ path: paths[position]!, label });
    }
  }
  return { classNames, train, val, test };
}
