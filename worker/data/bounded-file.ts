import { type FileHandle, open, stat } from 'node:fs/promises';
import { missingData, unreadableFile } from './missing-data.ts';

/** Size of a regular file in bytes. */
export async function fileSizeBytes(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
  if (!found.isFile()) throw missingData(`Cannot read "${path}": it is not a regular file`);
  return found.size;
}

/**
 * The whole content of a file of at most `maxBytes`; the size is checked before anything is allocated.
 * @throws {TrialError} MISSING_DATA naming the file
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Buffer> {
  const sizeBytes = await fileSizeBytes(path);
  if (sizeBytes > maxBytes) {
    throw missingData(`Cannot read "${path}": it has ${sizeBytes} bytes, expected at most ${maxBytes}`);
  }
  return readRange(path, 0, sizeBytes);
}

/** Exactly `length` bytes from `position`; a file that ends before is an error. */
export async function readRange(path: string, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const handle = await open(path, 'r').catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
  try {
    await fillFrom(handle, path, position, buffer);
  } finally {
    await handle.close();
  }
  return buffer;
}

/** Fills `buffer` from `position` of an open file. */
export async function fillFrom(handle: FileHandle, path: string, position: number, buffer: Uint8Array): Promise<void> {
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await handle
      .read(buffer, filled, buffer.length - filled, position + filled)
      .catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
    if (bytesRead === 0) {
      throw missingData(
        `Cannot read "${path}": it ends at byte ${position + filled}, expected at least ${position + buffer.length}`,
      );
    }
    filled += bytesRead;
  }
}
