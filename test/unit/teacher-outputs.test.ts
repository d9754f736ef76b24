import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { logitFileBytes, openLogitRows, writeLogitRows } from '../../worker/distill/logit-rows.ts';
import { chooseOutputsMode } from '../../worker/distill/teacher-mode.ts';
import { temporaryFolder } from '../support/datasets.ts';

const folder = await temporaryFolder();
afterAll(() => folder[Symbol.asyncDispose]());

const shape = { images: 7, classes: 3 };
/** Class k of image i has the logit i + k / 10. */
const logitsOf = (images: readonly number[]) => Float32Array.from(images.flatMap((i) => [i, i + 0.1, i + 0.2]));

/** Batches of three images; the last one has one. */
async function* batches() {
  yield logitsOf([0, 1, 2]);
  yield logitsOf([3, 4, 5]);
  yield logitsOf([6]);
}

async function writeFileOf(name: string): Promise<string> {
  const path = join(folder.path, name);
  await writeLogitRows(path, shape, batches());
  return path;
}

describe('a file of logits', () => {
  it.each([
    ['held in memory', undefined],
    ['read by position', 0],
  ])('gives any rows in any order, %s', async (_, heldBytes) => {
    await using rows = await openLogitRows(await writeFileOf('rows'), shape, heldBytes);
    const out = new Float32Array(4 * 3).fill(-1);
    await rows.read(Int32Array.of(6, 0, 5, 6), out);
    expect(out).toEqual(logitsOf([6, 0, 5, 6]));
    // An odd last batch leaves the rest of the buffer alone.
    await rows.read(Int32Array.of(3), out);
    expect(out).toEqual(logitsOf([3, 0, 5, 6]));
  });

  it('is raw little-endian float32 behind a header of 20 bytes', async () => {
    const bytes = await readFile(await writeFileOf('layout'));
    expect(bytes.length).toBe(logitFileBytes(shape));
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('ABKDLGTS');
    expect([8, 12, 16].map((at) => bytes.readUInt32LE(at))).toEqual([1, 7, 3]);
    expect(bytes.readFloatLE(20 + 4 * (2 * 3 + 1))).toBe(Math.fround(2.1));
  });

  it('is refused when cut short, too long, or of another shape, with the file and what is expected', async () => {
    const path = await writeFileOf('damaged');
    await truncate(path, 100);
    await expect(openLogitRows(path, shape)).rejects.toMatchObject({
      kind: 'MISSING_DATA',
      message: expect.stringMatching(/damaged": the file has 100 bytes, expected 104; delete it/),
    });
    await writeFile(path, Buffer.alloc(104, 7));
    await expect(openLogitRows(path, shape)).rejects.toThrow(/its header is not that of 7 images and 3 classes/);
    const other = await writeFileOf('other');
    await expect(openLogitRows(other, { images: 3, classes: 7 })).rejects.toThrow(/not that of 3 images and 7 classes/);
  });

  it('is refused while it is read by position when it is cut short under its reader', async () => {
    const path = await writeFileOf('cut');
    await using rows = await openLogitRows(path, shape, 0);
    await truncate(path, 60);
    await expect(rows.read(Int32Array.of(6), new Float32Array(3))).rejects.toThrow(
      /it ends at byte 92, expected at least 104/,
    );
  });

  it('is not written with fewer rows than images', async () => {
    const write = writeLogitRows(join(folder.path, 'few'), { ...shape, images: 8 }, batches());
    await expect(write).rejects.toThrow('Cannot write teacher outputs: 7 rows, expected 8');
  });
});

describe('chooseOutputsMode()', () => {
  const training = { teacherOutputs: 'auto', augment: 'cropFlip', augmentDraw: 'replicate', epochs: 240 } as const;
  /** The published CIFAR-100 recipe: 4.8 GB per replicate. */
  const size = { images: 50_000, classes: 100, replicate: 0, cacheBytes: 12e9 };

  it.each([
    ['caches what fits', training, {}, 'teacher outputs cached (4.8 GB)'],
    [
      'caches unaugmented outputs once for all replicates',
      { ...training, augment: 'none' },
      { replicate: 999 },
      '(20 MB)',
    ],
    ['caches the second replicate beside the first', training, { replicate: 1 }, 'teacher outputs cached (4.8 GB)'],
    [
      'does not cache the replicate that would push out the others',
      training,
      { replicate: 2 },
      'teacher runs live (outputs for 240 epochs of 50 000 images in 100 classes take 4.8 GB in each of 3 replicates, the cache may hold 12 GB)',
    ],
    ['does not cache fresh draws', { ...training, augmentDraw: 'trial' }, {}, 'live (each trial draws its own images)'],
    ['does not cache where the task says so', { ...training, teacherOutputs: 'live' }, {}, 'live (as the task wants)'],
    [
      'caches where the task says so and it fits',
      { ...training, teacherOutputs: 'cached' },
      { replicate: 2 },
      'cached',
    ],
  ] as const)('%s', (_, wanted, change, reason) => {
    const mode = chooseOutputsMode(wanted, { ...size, ...change });
    expect(mode.reason).toContain(reason);
    expect(mode.cached).toBe(reason.includes('cached') || reason === '(20 MB)');
  });

  it.each([
    [
      { augmentDraw: 'trial' },
      {},
      /outputs of one are wrong for another, expected augmentDraw "replicate", or teacherOutputs "live"/,
    ],
    [
      {},
      { cacheBytes: 1e9 },
      /take 4\.8 GB, the cache may hold 1\.0 GB, expected ABKD_CACHE_GB of at least 4\.9 on this worker, or/,
    ],
  ] as const)('refuses to cache with %o, %o', (change, sizes, reason) => {
    const wanted = { ...training, teacherOutputs: 'cached', ...change } as const;
    expect(() => chooseOutputsMode(wanted, { ...size, ...sizes })).toThrow(reason);
  });
});
