import { keepUsed, openFound } from '../used-files.ts';
import {
  openPackedImages,
  type PackedContent,
  type PackedParts,
  packedSizeBytes,
  writePackedImages,
} from './formats/packed-images.ts';
import { labelBytes, shortHash } from './identity.ts';
import { decodeConcurrency } from './image.ts';
import type { OpenDatasetOptions } from './source.ts';

/**
 * The images of a dataset from its packed file, which is made first where this host has none yet.
 * `source` names everything that the pixels depend on (files, their age, size, resampling).
 */
export async function openPacked(
  name: string,
  source: readonly string[],
  content: PackedContent,
  produce: (position: number, out: Uint8Array) => Promise<void>,
  options: OpenDatasetOptions,
): Promise<PackedParts> {
  const { train, val, test } = content;
  const labels = [train, val ?? new Int32Array(), test].map(labelBytes);
  const key = `dataset-${name}-${options.imageSize}px-${shortHash(JSON.stringify(source), ...labels)}`;
  const build = async (target: string) => {
    await writePackedImages(target, content, {
      produce,
      concurrency: decodeConcurrency,
      progress: (done, total) => options.progress(`preparing ${name}: ${done}/${total} images`),
    });
    return { images: train.length + (val?.length ?? 0) + test.length };
  };
  return openFound(
    () => options.sharedFile(key, build, packedSizeBytes(content)),
    async ({ path }) => {
      const parts = await openPackedImages(path, content);
      // Read through its path as long as this process lives.
      keepUsed(path);
      return parts;
    },
  );
}
