import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { AbkdError, messageOf } from '../core/errors.ts';

/**
 * The text of a file that the user named, `-` being standard input.
 * @param what it is to be: `spec`
 * @throws {AbkdError} BAD_CONFIG where it cannot be read
 */
export async function readNamedFile(file: string, what: string): Promise<string> {
  if (file === '-') return readStream(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : messageOf(error);
    throw new AbkdError('BAD_CONFIG', `Cannot read ${what} "${file}": ${reason}`, { cause: error });
  }
}

/** Media type of a spec by the file's name; of standard input, by how it begins. */
export function contentTypeOf(file: string, document: string): string {
  const isJson = file.endsWith('.json') || (file === '-' && document.trimStart().startsWith('{'));
  return isJson ? 'application/json' : 'application/yaml';
}
