import { openPackedImages, type PackedContent, type PackedParts, writePackedImages } from './formats/packed-images.ts';
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
  const { path } = await options.sharedFile(key, async (target) => {
    await writePackedImages(target, content, {
      produce,
      concurrency: decodeConcurrency,
      progress: (done, total) => options.progress(`preparing ${name}: ${done}/${total} images`),
    });
    return { images: train.length + (val?.length ?? 0) + test.length };
  });
  return openPackedImages(path, content);
}
