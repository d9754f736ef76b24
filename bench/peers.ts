import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Contestant, startContestant } from './contestant.ts';

/** Compiled programs run from dist/bench/, and what is not compiled stays in bench/. */
const folder = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

/** The Python of `npm run bench:peers`. */
export const installedPython = join(
  folder,
  '.venv',
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/** Starts a program of bench/peers; `work` goes to it as JSON. The caller asks for its first line. */
export function startPeer(program: string, python: string, work: object): Contestant {
  return startContestant(python, [join(folder, program)], work);
}

/** @throws {Error} where the Python of `npm run bench:peers` is wanted and is not there */
export function assertInstalled(peer: string, python: string): void {
  if (python !== installedPython || existsSync(python)) return;
  throw new Error(
    `Cannot measure peer ${peer}: it is not installed; \`npm run bench:peers\` installs it, --python PATH names a Python that has it`,
  );
}
