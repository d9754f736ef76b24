// Compiles the addon of @tensorflow/tfjs-node: two files of C++ against Node-API and TensorFlow's C library. The
// headers of Node-API come from npm and the addon is the same for every Node release: neither node-gyp, Python, make
// nor Node's own headers are needed.

import { spawnSync } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from '../run.mjs';

/** The newest version that tfjs-node 4.22 asks for. */
const nodeApiVersion = 8;
/** What a library of Node's own symbols, which the running program has, is linked with. */
const platformFlags = { linux: [], darwin: ['-undefined', 'dynamic_lookup'] };

/** The first C++ compiler there is. `CXX` goes before the usual names. */
export function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const found = candidates.find((name) => spawnSync(name, ['--version']).status === 0);
  if (found !== undefined) return found;
  throw new Error(
    `Cannot compile: no C++ compiler answers to ${candidates.join(', ')}, expected one, as from ` +
      `${process.platform === 'darwin' ? 'xcode-select --install' : 'apt-get install g++'}, or its path in CXX`,
  );
}

/** @param modules the folder `node_modules` with tfjs-node; @returns the path that tfjs-node loads the addon from */
export async function compileAddon(compiler, modules, { include, libraries }) {
  const folder = join(modules, '@tensorflow/tfjs-node');
  const addon = createRequire(join(folder, 'package.json'))('@mapbox/node-pre-gyp').find(join(folder, 'package.json'));
  const partial = `${addon}.partial`;
  await mkdir(dirname(addon), { recursive: true });
  await run(compiler, [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${nodeApiVersion}`],
    ...platformFlags[process.platform],
    ...[`-I${include}`, `-I${join(modules, 'node-api-headers/include')}`],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name)),
    ...libraries,
    // The libraries stay where they are: TensorFlow finds CUDA's beside itself.
    `-Wl,-rpath,${dirname(libraries[0])}`,
    ...['-o', partial],
  ]);
  await rename(partial, addon);
  return addon;
}
