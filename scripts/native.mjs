// `npm run native -- --libtensorflow PATH`: builds the addon of @tensorflow/tfjs-node against a TensorFlow that is on
// this machine already, for hosts that cannot reach the library that its own install fetches, and for CUDA releases
// newer than that one's. Everything goes to native/, which `npm ci` leaves alone. See docs/backends.md.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileAddon, findCompiler } from './native/addon.mjs';
import { findLibrary } from './native/library.mjs';
import { root, run } from './run.mjs';

const help = `Usage: npm run native -- --libtensorflow PATH

Builds TensorFlow's addon for Node (@tensorflow/tfjs-node) in native/. Needs a C++ compiler and about 400 MB.

  --libtensorflow PATH   one of
                         a wheel of TensorFlow, as \`pip download --no-deps tensorflow-cpu\` saves it
                         the folder of an installed Python package tensorflow (needed for CUDA)
                         a folder with include/ and lib/libtensorflow.so.2
  --help                 this text

The library stays where it is; a wheel is unpacked, which takes another gigabyte. Environment: CXX names the compiler.
A second run with the same library does nothing. To undo: rm -r native/node_modules native/libtensorflow
`;

const native = join(root, 'native');
const modules = join(native, 'node_modules');
const stampPath = join(modules, '.abkd-native.json');
const say = (text) => process.stdout.write(`${text}\n`);

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main() {
  const options = parseOptions();
  if (options.help) return void process.stdout.write(help);
  assertPlatform();
  const compiler = findCompiler();
  const library = await findLibrary(options.libtensorflow, join(native, 'libtensorflow'), say);
  const stamp = await describeBuild(library);
  if (existsSync(stampPath) && (await readFile(stampPath, 'utf8')) === stamp) {
    return say(`Already built against ${library.libraries[0]}: nothing to do`);
  }
  await rm(stampPath, { force: true });
  say('Installing @tensorflow/tfjs-node without its install script ...');
  await install();
  say(`Compiling the addon with ${compiler} ...`);
  await compileAddon(compiler, modules, library);
  say('Trying it ...');
  await run(process.execPath, [join(root, 'scripts/native/try.mjs')], {
    env: { TF_CPP_MIN_LOG_LEVEL: '1' },
    show: true,
  });
  await writeFile(stampPath, stamp);
  say('Done: the backend tfjs-node uses it from now on; `npm run abkd -- doctor` shows its speed');
}

function parseOptions() {
  const { values } = parseArgs({
    options: { libtensorflow: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help || values.libtensorflow) return values;
  throw new Error(`Cannot build: --libtensorflow is missing, expected a path\n\n${help}`);
}

function assertPlatform() {
  if (process.platform === 'linux' || process.platform === 'darwin') return;
  throw new Error(
    `Cannot build on ${process.platform}: expected linux or darwin; elsewhere \`npm install @tensorflow/tfjs-node\` may do`,
  );
}

/** What a build depends on: where it changed, all is built anew. */
async function describeBuild({ libraries }) {
  const lockFile = await readFile(join(native, 'package-lock.json'));
  const { size, mtimeMs } = await stat(libraries[0]);
  return `${JSON.stringify({
    library: libraries[0],
    size,
    mtimeMs,
    lock: createHash('sha256').update(lockFile).digest('hex'),
    platform: `${process.platform}-${process.arch}`,
  })}\n`;
}

/** Packages that the root has too are taken from there: two tfjs-core in a process do not see each other's tensors. */
async function install() {
  await run('npm', ['ci', '--prefix', native, '--ignore-scripts', '--no-audit', '--no-fund']);
  for (const name of ['tfjs-core', 'tfjs-backend-cpu']) {
    await rm(join(modules, '@tensorflow', name), { recursive: true });
  }
}
