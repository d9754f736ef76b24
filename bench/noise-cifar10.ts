import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../core/random.ts';

/** One label byte and 32 x 32 pixels of three colours. */
const recordBytes = 3073;
const records = 10_000;

/** CIFAR-10's files as the loader expects them, full of noise: one training batch and the test batch, 61 MB. */
export async function writeNoiseCifar10(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'cifar10', 'cifar-10-batches-bin');
  await mkdir(folder, { recursive: true });
  for (const [index, name] of ['data_batch_1.bin', 'test_batch.bin'].entries()) {
    await writeFile(join(folder, name), noiseRecords(index));
  }
}

function noiseRecords(seed: number): Uint8Array {
  const random = createRandom(seed);
  const words = Uint32Array.from({ length: Math.ceil((records * recordBytes) / 4) }, () => random.integer(2 ** 32));
  const bytes = new Uint8Array(words.buffer, 0, records * recordBytes);
  for (let record = 0; record < records; record += 1) bytes[record * recordBytes] = record % 10;
  return bytes;
}
