import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { OpenDatasetOptions } from '../../worker/data/source.ts';

/** A folder that goes away with its test: `await using folder = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'abkd-data-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Options that keep shared files in `cacheDir` and record what is built and told. */
export function openOptions(dataDir: string, imageSize: number, cacheDir: string) {
  const built: string[] = [];
  const told: string[] = [];
  const options: OpenDatasetOptions = {
    dataDir,
    imageSize,
    sharedFile: async (key, build) => {
      const path = join(cacheDir, key);
      if (!existsSync(path)) {
        built.push(key);
        await build(`${path}.new`);
        await rename(`${path}.new`, path);
      }
      return { path };
    },
    progress: async (text) => {
      told.push(text);
    },
  };
  return { ...options, built, told };
}

/** An IDX file of unsigned bytes. */
export function idxFile(dims: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.writeUInt32BE(0x0800 + dims.length, 0);
  for (const [i, size] of dims.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

/** Records of CIFAR-10: the label, then 32x32 planes holding `red`, `green`, `blue`. */
export function cifarRecord(label: number, [red, green, blue]: readonly [number, number, number]): Buffer {
  const plane = (value: number) => Buffer.alloc(1024, value);
  return Buffer.concat([Buffer.of(label), plane(red), plane(green), plane(blue)]);
}

/** Writes a file and the folders above it. */
export async function writeInto(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** An image of one colour in the format of the `extension`. */
export function plainImage(extension: 'jpeg' | 'png' | 'gif', colour: string, size = 16): Promise<Buffer> {
  return sharp({ create: { width: size, height: size, channels: 3, background: colour } })
    .toFormat(extension)
    .toBuffer();
}
