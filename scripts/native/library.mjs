// Finds TensorFlow's C library and its headers in what `--libtensorflow` names.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { listWheel, unpackWheel } from './wheel.mjs';

/** Library files by platform: those of the Python package, then those of a plain libtensorflow. */
const names = {
  linux: {
    python: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    plain: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
  },
  darwin: {
    python: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    plain: ['libtensorflow.2.dylib', 'libtensorflow_framework.2.dylib'],
  },
};
/** What of a wheel the addon needs: a tenth of its headers, two of its libraries. */
const wantedHeaders = /^tensorflow\/include\/(tensorflow\/(c|core\/platform)|tsl|xla\/tsl)\/.*\.h$/;
/** Processor in a wheel's name, by Node's word for it. */
const wheelProcessors = { x64: 'x86_64', arm64: 'aarch64|arm64' };

/**
 * @param given the path of a wheel, of an installed `tensorflow` package or of a plain libtensorflow
 * @param unpacked folder that a wheel is unpacked to, once
 * @returns `{ include, libraries }`, absolute paths
 */
export async function findLibrary(given, unpacked, say) {
  const path = resolve(given);
  const found = await stat(path).catch(() => null);
  if (found === null) throw new Error(`Cannot use --libtensorflow ${given}: no such file or folder`);
  if (found.isDirectory()) return locate(path);
  if (!path.endsWith('.whl')) throw new Error(`Cannot use --libtensorflow ${given}: expected a folder or a .whl file`);
  return locate(await unpackOnce(path, unpacked, say));
}

/** Below `folder`: a wheel's content is inside its folder `tensorflow`. */
function locate(folder) {
  const { python, plain } = names[process.platform];
  const layouts = [
    { base: folder, libraries: python },
    { base: join(folder, 'tensorflow'), libraries: python },
    { base: folder, libraries: plain.map((name) => join('lib', name)) },
  ];
  for (const { base, libraries } of layouts) {
    const paths = libraries.map((name) => join(base, name));
    if (!paths.every(existsSync)) continue;
    const include = join(base, 'include');
    if (existsSync(join(include, 'tensorflow/c/eager/c_api.h'))) return { include, libraries: paths };
    throw new Error(
      `Cannot use ${base}: it has no include/tensorflow/c/eager/c_api.h, expected the headers of the library`,
    );
  }
  throw new Error(
    `Cannot find TensorFlow's library in ${folder}: expected ${python.join(' and ')} (an installed Python package ` +
      `"tensorflow"), or lib/${plain[0]} and include/ (a plain libtensorflow)`,
  );
}

/** @returns the folder that has the wheel's content; nothing is touched before the wheel is known to be the right one */
async function unpackOnce(wheel, unpacked, say) {
  const name = basename(wheel);
  assertFits(name);
  const libraries = names[process.platform].python.map((library) => `tensorflow/${library}`);
  const entries = await listWheel(wheel, (path) => libraries.includes(path) || wantedHeaders.test(path));
  if (!libraries.every((library) => entries.some((entry) => entry.name === library))) {
    throw new Error(`Cannot use ${wheel}: it holds no ${libraries.join(' and ')}, expected a wheel of TensorFlow`);
  }
  const target = join(unpacked, basename(name, '.whl'));
  if (existsSync(target)) return target;
  say(`Unpacking ${name} (once; about a gigabyte) ...`);
  // Under another name until it is whole.
  const partial = `${target}.partial`;
  await mkdir(partial, { recursive: true });
  try {
    await unpackWheel(wheel, entries, partial);
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return target;
}

/** @see https://packaging.python.org/en/latest/specifications/binary-distribution-format/ name-version-python-abi-platform */
function assertFits(name) {
  const platform = name.slice(0, -'.whl'.length).split('-').at(-1);
  const [system, processor] = [process.platform === 'darwin' ? 'macosx' : 'linux', wheelProcessors[process.arch]];
  if (platform.includes(system) && new RegExp(`(${processor})$`).test(platform)) return;
  throw new Error(`Cannot use ${name}: it is for "${platform}", expected ${system} on ${processor}`);
}
