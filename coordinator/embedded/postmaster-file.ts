import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running server writes into `postmaster.pid` of its data folder. */
export interface PostmasterFile {
  readonly pid: number;
  /** Seconds since the Unix epoch. */
  readonly startedAt: number;
  readonly port: number;
}

export function postmasterFilePath(dataFolder: string): string {
  return join(dataFolder, 'postmaster.pid');
}

/** Null where there is no such file, or it is not complete (a server that has only just begun to start). */
export async function readPostmasterFile(dataFolder: string): Promise<PostmasterFile | null> {
  const text = await readFile(postmasterFilePath(dataFolder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // Lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
  const lines = text.split('\n');
  const [pid, startedAt, port] = [lines[0], lines[2], lines[3]].map(Number);
  return pid && startedAt && port ? { pid, startedAt, port } : null;
}

/** Program and arguments of a running process as one text; empty where it is gone. */
export async function readCommandLine(pid: number): Promise<string> {
  if (process.platform !== 'linux') return readCommandLineByPs(pid);
  return readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (text) => text.replaceAll('\0', ' ').trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
      throw error;
    },
  );
}

function readCommandLineByPs(pid: number): Promise<string> {
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (error, stdout) =>
      resolve(error === null ? stdout.trim() : ''),
    );
  });
}
