import { createHash } from 'node:crypto';
import type { Normalisation } from './source.ts';

/** First 12 hex digits of the sha256 of all chunks; enough to tell versions of a dataset apart. */
export function shortHash(...chunks: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex').slice(0, 12);
}

/** The bytes of labels, for hashing; little-endian on every platform that Node runs on. */
export function labelBytes(labels: Int32Array): Uint8Array {
  return new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
}

/** What a model's inputs depend on: dataset, files and split, size, resampling, normalisation. */
export function datasetIdentity(parts: {
  readonly name: string;
  /** Layout and split, with a hash of what it lists. */
  readonly split: string;
  readonly imageSize: number;
  /** Kernel that resized the images; null where they are as on disk. */
  readonly resampling: string | null;
  readonly normalisation: Normalisation;
}): string {
  const size = parts.resampling === null ? `${parts.imageSize}px` : `${parts.imageSize}px-${parts.resampling}`;
  const { mean, std } = parts.normalisation;
  return `${parts.name}/${parts.split}/${size}/norm-${mean.join(',')}-${std.join(',')}`;
}
