/**
 * Reads zip archives whose entries are stored, not compressed, as PyTorch writes them.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3
 */
import { crc32 } from 'node:zlib';
import { createByteCursor } from './byte-cursor.ts';
import type { Fail } from './pickle.ts';

const localSignature = 0x04034b50;
const directorySignature = 0x02014b50;
const endSignature = 0x06054b50;
const localHeaderBytes = 30;
const endRecordBytes = 22;
const maxCommentBytes = 0xffff;
/** Stands for a number that lies in a 64-bit record: archives of 4 GiB and more. */
const in64BitRecord = 0xffffffff;

export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === localSignature;
}

/** The content of each entry by its name: views, no copies, their checksums verified. */
export function readStoredZip(bytes: Uint8Array, fail: Fail): ReadonlyMap<string, Uint8Array> {
  const end = createByteCursor(bytes, findEndRecord(bytes, fail) + 10, fail);
  const count = end.uint(2);
  end.uint(4);
  const directory = createByteCursor(bytes, end.uint(4), fail);
  const entries = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i += 1) {
    const entry = readDirectoryEntry(directory, fail);
    if (entries.has(entry.name)) throw fail(`it has two entries "${entry.name}"`);
    entries.set(entry.name, readContent(bytes, entry, fail));
  }
  return entries;
}

interface DirectoryEntry {
  readonly name: string;
  readonly checksum: number;
  readonly sizeBytes: number;
  /** Of the local header. */
  readonly offset: number;
}

/** The record lies at the end, before a comment. */
function findEndRecord(bytes: Uint8Array, fail: Fail): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latest = bytes.length - endRecordBytes;
  for (let at = latest; at >= Math.max(0, latest - maxCommentBytes); at -= 1) {
    if (view.getUint32(at, true) === endSignature) return at;
  }
  throw fail('it is a zip archive without its directory, as if cut off');
}

function readDirectoryEntry(cursor: ReturnType<typeof createByteCursor>, fail: Fail): DirectoryEntry {
  const at = cursor.offset();
  if (cursor.uint(4) !== directorySignature) throw fail(`its zip directory has no entry at byte ${at}`);
  cursor.take(6);
  const method = cursor.uint(2);
  cursor.take(4);
  const checksum = cursor.uint(4);
  const storedBytes = cursor.uint(4);
  const sizeBytes = cursor.uint(4);
  const [nameBytes, extraBytes, commentBytes] = [cursor.uint(2), cursor.uint(2), cursor.uint(2)];
  cursor.take(8);
  const offset = cursor.uint(4);
  const name = cursor.text(nameBytes);
  cursor.take(extraBytes + commentBytes);
  if (method !== 0 || storedBytes !== sizeBytes) throw fail(`entry "${name}" is compressed, expected a stored one`);
  if (sizeBytes === in64BitRecord || offset === in64BitRecord) throw fail(`entry "${name}" needs a 64-bit archive`);
  return { name, checksum, sizeBytes, offset };
}

function readContent(bytes: Uint8Array, entry: DirectoryEntry, fail: Fail): Uint8Array {
  const header = createByteCursor(bytes, entry.offset, fail);
  if (header.uint(4) !== localSignature) throw fail(`entry "${entry.name}" has no header at byte ${entry.offset}`);
  header.take(localHeaderBytes - 8);
  header.take(header.uint(2) + header.uint(2));
  const content = header.take(entry.sizeBytes);
  if (crc32(content) !== entry.checksum) throw fail(`the content of entry "${entry.name}" does not fit its checksum`);
  return content;
}
