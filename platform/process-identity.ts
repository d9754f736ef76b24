import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * Text that names one run of a process: a later process with the same id has another one.
 * Null where no such process runs (a zombie counts as gone).
 */
export async function readProcessIdentity(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? readLinuxIdentity(pid) : readPosixIdentity(pid);
}

/** Start time in clock ticks since boot, and the boot. */
async function readLinuxIdentity(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold spaces; the fields after it start with the state (field 3).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()}/${fields[22 - 3]}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The process may end between opening and reading its file.
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

function readPosixIdentity(pid: number): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], (error, stdout) => {
      const started = stdout.trim();
      resolve(error === null && started !== '' ? started : null);
    });
  });
}
