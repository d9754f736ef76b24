import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { readBoundedFile } from './bounded-file.ts';
import { missingData } from './missing-data.ts';
import { type PixelGrid, resampleSquare } from './resample.ts';

/** Largest image file of the known datasets is below 16 MB; larger ones are not training images. */
const maxFileBytes = 64 << 20;
/** Bounds the decoded size, whatever a header claims. */
const maxInputPixels = 64_000_000;

/** Images decoded at the same time; libuv runs four file and decode jobs at once by default. */
export const decodeConcurrency = Math.max(1, Math.min(4, availableParallelism()));

/**
 * Decodes an image file into `out`: RGB, `[size, size, 3]`, 0..255, resampled as `resampleSquare` says.
 * The format is told by content, whatever the name says. Greyscale is repeated over the channels, CMYK converted,
 * transparency dropped; orientation tags are ignored, as the datasets' reference loaders do.
 * @throws {TrialError} MISSING_DATA naming the file
 */
export async function decodeImageFile(folder: string, path: string, size: number, out: Uint8Array): Promise<void> {
  const file = join(folder, path);
  const bytes = await readBoundedFile(file, maxFileBytes);
  out.set(resampleSquare(await decodeRgb(bytes, file), size));
}

async function decodeRgb(bytes: Buffer, file: string): Promise<PixelGrid> {
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error', limitInputPixels: maxInputPixels })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, height: info.height, width: info.width, channels: info.channels };
  } catch (error) {
    throw missingData(`Cannot decode image "${file}": ${messageOf(error)}`, error);
  }
}

/** Loaded on first use: who only looks for datasets needs no image library. */
async function loadSharp() {
  const { default: sharp } = await import('sharp');
  // One thread per image: several images are in flight instead.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}
