import { fileURLToPath } from 'node:url';

/** Starts a worker agent as a program of its own; the folder of this file is that of the compiled main program. */
export const workerCommand: readonly string[] = [
  process.execPath,
  '--enable-source-maps',
  fileURLToPath(new URL('./main.js', import.meta.url)),
  'worker',
];
