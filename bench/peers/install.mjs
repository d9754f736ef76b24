// `npm run bench:peers [-- PYTHON]`: the programs that benches compare with, in a virtual environment of their own.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/run.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const environment = join(folder, '.venv');
const windows = process.platform === 'win32';
const [python = windows ? 'python' : 'python3', ...rest] = process.argv.slice(2);

try {
  if (rest.length > 0 || python.startsWith('-')) {
    throw new Error(
      'Usage: npm run bench:peers [-- PYTHON]   (a Python of 3.11 or newer; python3 where none is given)',
    );
  }
  process.stdout.write(`Installing PyTorch, Optuna, SciPy and numpy into ${environment} (gigabytes; once) ...\n`);
  await run(python, ['-m', 'venv', environment], { show: true });
  const installed = join(environment, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  await run(installed, ['-m', 'pip', 'install', '-r', join(folder, 'requirements.txt')], { show: true });
  process.stdout.write('Done: `npm run -s bench -- train-step --peer torch` and `regret --peer optuna` use it\n');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
