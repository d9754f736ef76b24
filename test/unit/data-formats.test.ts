import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openCifarFile } from '../../worker/data/formats/cifar-binary.ts';
import { readCoopSplit } from '../../worker/data/formats/coop-split.ts';
import { inspectIdx, readIdx } from '../../worker/data/formats/idx.ts';
import { openPackedImages, writePackedImages } from '../../worker/data/formats/packed-images.ts';
import { readRecords } from '../../worker/data/formats/record-file.ts';
import { cifarRecord, idxFile, temporaryFolder } from '../support/datasets.ts';

const cifarLayout = { labelBytes: 1, labelAt: 0, classes: 10 };

describe('readIdx()', () => {
  const data = Uint8Array.from({ length: 12 }, (_, i) => i);

  it('reads sizes and data, plain or gzip whatever the name', async () => {
    await using folder = await temporaryFolder();
    const plain = join(folder.path, 'a');
    const packed = join(folder.path, 'b');
    await writeFile(plain, idxFile([3, 2, 2], data));
    await writeFile(packed, gzipSync(idxFile([3, 2, 2], data)));
    for (const path of [plain, packed]) {
      const read = await readIdx(path, 3);
      expect(read.dims).toEqual([3, 2, 2]);
      expect([...read.data]).toEqual([...data]);
    }
    expect(await inspectIdx(plain, 3)).toEqual({ dims: [3, 2, 2], headerBytes: 16 });
    expect(await inspectIdx(packed, 3)).toBeNull();
  });

  it.each([
    ['another dimension count', idxFile([12], data), /magic number is 0x00000801, expected 0x00000803/],
    ['sizes that claim more than there is', idxFile([4294967295, 65535, 65535], data), /has 28 bytes, expected/],
    ['a cut file', idxFile([3, 2, 2], data.subarray(0, 11)), /has 27 bytes, expected 28 for its sizes 3x2x2/],
    ['trailing bytes', idxFile([3, 2, 1], data), /has 28 bytes, expected 22/],
    ['no images', idxFile([0, 2, 2], new Uint8Array()), /is empty/],
    ['less than a header', Buffer.of(0, 0, 8), /has 3 bytes, expected a header of 16/],
    ['nothing', Buffer.alloc(0), /has 0 bytes/],
    ['broken gzip', gzipSync(idxFile([3, 2, 2], data)).subarray(0, 30), /Cannot decompress/],
  ])('refuses %s', async (_, content, message) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'images');
    await writeFile(path, content);
    await expect(readIdx(path, 3)).rejects.toThrow(message);
    await expect(readIdx(path, 3)).rejects.toMatchObject({ kind: 'MISSING_DATA' });
  });

  it('refuses a gzip file that inflates without end', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'bomb');
    await writeFile(path, gzipSync(Buffer.alloc(200 << 20), { level: 1 }));
    await expect(readIdx(path, 3)).rejects.toThrow(/Cannot decompress/);
  });
});

describe('openCifarFile()', () => {
  it('turns planes into interleaved pixels, in the order asked for', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'batch.bin');
    await writeFile(
      path,
      Buffer.concat([cifarRecord(3, [1, 2, 3]), cifarRecord(9, [4, 5, 6]), cifarRecord(0, [7, 8, 9])]),
    );
    const part = await openCifarFile(path, 3, cifarLayout);
    expect([...part.labels]).toEqual([3, 9, 0]);
    const pixels = new Uint8Array(3 * 3072);
    await part.readPixels([2, 0, 2], pixels);
    expect([...pixels.subarray(0, 6)]).toEqual([7, 8, 9, 7, 8, 9]);
    expect([...pixels.subarray(3072, 3075)]).toEqual([1, 2, 3]);
    expect([...pixels.subarray(-3)]).toEqual([7, 8, 9]);
  });

  it('names the size that it found and the one expected', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'batch.bin');
    await writeFile(path, cifarRecord(3, [1, 2, 3]));
    await expect(openCifarFile(path, 2, cifarLayout)).rejects.toThrow(
      /3073 bytes, expected 6146 \(2 records of 3073\)/,
    );
  });

  it('refuses a label beyond the classes', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'batch.bin');
    await writeFile(path, cifarRecord(10, [1, 2, 3]));
    await expect(openCifarFile(path, 1, cifarLayout)).rejects.toThrow(/record 0 has label 10, expected 0 to 9/);
  });
});

describe('readRecords()', () => {
  it('finds every record, near and far, in any order, twice if asked twice', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'records');
    const recordBytes = 1000;
    const count = 300;
    await writeFile(path, Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(recordBytes, i % 251))));
    const indices = [299, 0, 1, 150, 150, 2, 260];
    const out = new Uint8Array(indices.length * recordBytes);
    await readRecords({ path, headerBytes: 0, recordBytes, count }, indices, out);
    for (const [slot, index] of indices.entries()) {
      const record = out.subarray(slot * recordBytes, (slot + 1) * recordBytes);
      expect(record.every((byte) => byte === index % 251)).toBe(true);
    }
  });

  it('says so when the file was cut after it was opened', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'records');
    await writeFile(path, Buffer.alloc(100));
    const file = { path, headerBytes: 0, recordBytes: 10, count: 10 };
    await truncate(path, 95);
    await expect(readRecords(file, [9], new Uint8Array(10))).rejects.toThrow(/ends at byte 95, expected at least 100/);
  });

  it('refuses an index that is not in the file', async () => {
    const file = { path: '/nowhere', headerBytes: 0, recordBytes: 1, count: 10 };
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'records');
    await writeFile(path, Buffer.alloc(10));
    for (const index of [10, -1, 0.5]) {
      await expect(readRecords({ ...file, path }, [index], new Uint8Array(1))).rejects.toThrow(RangeError);
    }
  });
});

describe('readCoopSplit()', () => {
  const good = {
    train: [
      ['A/1.jpg', 0, 'apple'],
      ['B/1.jpg', 1, 'bird'],
    ],
    val: [['A/2.jpg', 0, 'apple']],
    test: [['B/2.jpg', 1, 'bird']],
  };
  const read = async (content: unknown) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'split_zhou_X.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return await readCoopSplit(path);
  };

  it('reads the three lists and the class names', async () => {
    expect(await read(good)).toEqual({
      classNames: ['apple', 'bird'],
      train: [
        { path: 'A/1.jpg', label: 0 },
        { path: 'B/1.jpg', label: 1 },
      ],
      val: [{ path: 'A/2.jpg', label: 0 }],
      test: [{ path: 'B/2.jpg', label: 1 }],
    });
  });

  it.each([
    '../A/1.jpg',
    'A/../../1.jpg',
    '/etc/passwd',
    'A\\..\\1.jpg',
    'C:/1.jpg',
    'A//1.jpg',
    './1.jpg',
    'A/\0.jpg',
  ])('refuses the path %j', async (path) => {
    await expect(read({ ...good, val: [[path, 0, 'apple']] })).rejects.toThrow(/is not a plain path below/);
  });

  it.each([
    ['no JSON', '{"train": [', /is not JSON/],
    ['a missing list', { train: good.train, val: [] }, /split_zhou_X.json": test/],
    ['an empty training list', { ...good, train: [] }, /train/],
    ['a label that is text', { ...good, test: [['B/2.jpg', '1', 'bird']] }, /test\.0\.1/],
    ['a negative label', { ...good, test: [['B/2.jpg', -1, 'bird']] }, /test\.0\.1/],
    ['an image listed twice', { ...good, test: [['A/1.jpg', 0, 'apple']] }, /"A\/1.jpg" is listed twice/],
    ['two names of a label', { ...good, val: [['A/2.jpg', 0, 'pear']] }, /label 0 is both "apple" and "pear"/],
    ['a label left out', { ...good, val: [['A/2.jpg', 3, 'dog']] }, /label 2 has no image, expected 0 to 3/],
  ])('refuses %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content)).rejects.toMatchObject({ kind: 'MISSING_DATA' });
  });
});

describe('packed images', () => {
  const content = {
    shape: { height: 2, width: 1, channels: 1 },
    train: Int32Array.of(0, 1, 2),
    val: Int32Array.of(1),
    test: Int32Array.of(2, 0),
  };
  const write = (path: string, produce: (position: number, out: Uint8Array) => Promise<void>) =>
    writePackedImages(path, content, { produce, concurrency: 2, progress: async () => {} });

  it('come back as they were written', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'packed');
    await write(path, async (position, out) => {
      out.fill(position + 10);
    });
    const { train, val, test } = await openPackedImages(path, content);
    const pixels = async (part: typeof train, index: number) => {
      const out = new Uint8Array(2);
      await part.readPixels([index], out);
      return [...out];
    };
    expect(await pixels(train, 2)).toEqual([12, 12]);
    expect(await pixels(val!, 0)).toEqual([13, 13]);
    expect(await pixels(test, 1)).toEqual([15, 15]);
    expect([...test.labels]).toEqual([2, 0]);
  });

  it('are refused when cut short, or when labels or shape differ', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'packed');
    await write(path, async () => {});
    const otherLabels = { ...content, test: Int32Array.of(2, 1) };
    const otherShape = { ...content, shape: { height: 1, width: 2, channels: 1 } };
    await expect(openPackedImages(path, otherLabels)).rejects.toThrow(/labels are not those/);
    await expect(openPackedImages(path, otherShape)).rejects.toThrow(/header or labels/);
    await truncate(path, 70);
    await expect(openPackedImages(path, content)).rejects.toThrow(/has 70 bytes, expected 76; delete it/);
  });

  it('stop at the first image that fails, and start no further one', async () => {
    await using folder = await temporaryFolder();
    const started: number[] = [];
    const writing = write(join(folder.path, 'packed'), async (position) => {
      started.push(position);
      if (position === 1) throw new Error('image 1 is broken');
    });
    await expect(writing).rejects.toThrow('image 1 is broken');
    expect(started).not.toContain(5);
  });
});
