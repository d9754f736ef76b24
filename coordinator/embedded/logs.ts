import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type DestinationStream, pino } from 'pino';

/** A log file that grows beyond this is copied to `NAME.1` and emptied, bytes. */
const maxLogBytes = 10_000_000;

/** Files of the home that processes append to. They stay open for their writers while they are emptied. */
export interface LogFolder {
  readonly path: string;
  fileOf(name: string): string;
  /** A descriptor for a child process; the caller closes it. */
  openFor(name: string): Promise<{ readonly fd: number; close(): Promise<void> }>;
  /** For a logger of this process. */
  writerOf(name: string): DestinationStream;
  /** Keeps every file that was named so far within bounds. */
  trim(): Promise<void>;
}

export async function openLogFolder(home: string): Promise<LogFolder> {
  const path = join(home, 'logs');
  await mkdir(path, { recursive: true, mode: 0o700 });
  const files = new Set<string>();
  const fileOf = (name: string) => {
    const file = join(path, `${name}.log`);
    files.add(file);
    return file;
  };
  return {
    path,
    fileOf,
    // Appending writers go on at the new end after the file was emptied under them.
    openFor: (name) => open(fileOf(name), 'a', 0o600),
    writerOf: (name) => pino.destination({ dest: fileOf(name), mode: 0o600, sync: true }),
    trim: async () => {
      for (const file of files) await trimFile(file);
    },
  };
}

async function trimFile(file: string): Promise<void> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= maxLogBytes) return;
  await copyFile(file, `${file}.1`);
  await truncate(file);
}
