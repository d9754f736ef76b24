// Reads a Python wheel, which is a zip archive. Entries are streamed: the largest has about a gigabyte.
// Format: PKWARE APPNOTE.TXT 6.3.10. No zip64: a wheel that needs it is over 4 GiB.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';

/** Bytes of the end record before its comment, and the longest comment. */
const endLength = 22;
const maxComment = 0xffff;
const signatures = { end: 0x06054b50, entry: 0x02014b50, file: 0x04034b50 };
const methods = { stored: 0, deflated: 8 };

/** The files of a wheel that `isWanted` names, by their path inside it. */
export async function listWheel(file, isWanted) {
  const handle = await open(file);
  try {
    return (await readEntries(handle, file)).filter(({ name }) => !name.endsWith('/') && isWanted(name));
  } finally {
    await handle.close();
  }
}

/** Writes files that `listWheel` found below `target`. */
export async function unpackWheel(file, entries, target) {
  const handle = await open(file);
  try {
    for (const entry of entries) await extract(file, handle, entry, join(target, ...partsOf(entry.name, file)));
  } finally {
    await handle.close();
  }
}

async function readEntries(handle, file) {
  const { size } = await handle.stat();
  const tail = await readAt(handle, Math.max(0, size - endLength - maxComment), Math.min(size, endLength + maxComment));
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06'));
  if (end < 0) throw new Error(`Cannot read ${file}: no zip archive, or cut off, expected a whole wheel`);
  const [length, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (offset + length > size)
    throw new Error(`Cannot read ${file}: its index lies outside the file, expected no zip64`);
  const index = await readAt(handle, offset, length);
  const entries = [];
  for (let at = 0; at < index.length; ) {
    if (index.readUInt32LE(at) !== signatures.entry) throw new Error(`Cannot read ${file}: its index is damaged`);
    const nameLength = index.readUInt16LE(at + 28);
    entries.push({
      name: index.toString('utf8', at + 46, at + 46 + nameLength),
      method: index.readUInt16LE(at + 10),
      crc: index.readUInt32LE(at + 16),
      packedBytes: index.readUInt32LE(at + 20),
      offset: index.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + index.readUInt16LE(at + 30) + index.readUInt16LE(at + 32);
  }
  return entries;
}

async function extract(file, handle, { name, method, crc, packedBytes, offset }, target) {
  const header = await readAt(handle, offset, 30);
  const isKnown = Object.values(methods).includes(method);
  if (header.readUInt32LE(0) !== signatures.file || !isKnown) throw new Error(`Cannot unpack ${name}: damaged entry`);
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  await mkdir(dirname(target), { recursive: true });
  const checksum = createChecksum(name, crc);
  // An empty range cannot be said with an inclusive end.
  const packed = packedBytes === 0 ? [] : createReadStream(file, { start, end: start + packedBytes - 1 });
  await pipeline(
    packed,
    method === methods.stored ? new PassThrough() : createInflateRaw(),
    checksum,
    createWriteStream(target),
  );
}

/** Passes bytes on and fails at their end where they are not those that were packed. */
function createChecksum(name, expected) {
  let actual = 0;
  return new Transform({
    transform(chunk, _, done) {
      actual = crc32(chunk, actual);
      done(null, chunk);
    },
    flush: (done) => done(actual === expected ? null : new Error(`Cannot unpack ${name}: its checksum is wrong`)),
  });
}

/** A path that stays inside the folder that it is unpacked to. */
function partsOf(name, file) {
  const parts = name.split('/');
  if (parts.some((part) => part === '..' || part === '' || part.includes('\\'))) {
    throw new Error(`Cannot unpack ${file}: it holds the path "${name}", expected one inside the wheel`);
  }
  return parts;
}

async function readAt(handle, position, length) {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position, length });
  return buffer.subarray(0, bytesRead);
}
