import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';
import type { TfjsNodeBackend } from './tfjs-node-kernels/backend-access.ts';
import { registerTfjsNodeKernels } from './tfjs-node-kernels/registry.ts';

/** What both packages export beyond tfjs-core, as far as we use it. */
interface TfjsNodePackage {
  readonly version: Readonly<Record<string, string>>;
}

/** Where `npm run native` builds, seen from the source tree and from dist/. */
const nativeFolders = ['../../native/', '../../../native/'].map((path) => new URL(path, import.meta.url));

/**
 * TensorFlow's C library through `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`. Both are optional: their
 * install scripts fetch a library that is not reachable everywhere. What `npm run native` built goes before both, and
 * is either of them according to what its library can use.
 * @throws where the package is absent or its library is, and where `tfjs-node-gpu` finds no GPU
 */
export async function loadTfjsNode(name: 'tfjs-node' | 'tfjs-node-gpu'): Promise<LoadedBackend> {
  defineRemovedUtil();
  setEnvironment();
  const { version } = requirePackage(name);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow did not start');
  const { isUsingGpuDevice: isGpu, binding } = tf.backend() as unknown as TfjsNodeBackend;
  if (name === 'tfjs-node-gpu' && !isGpu) throw new Error('TensorFlow finds no GPU');
  registerTfjsNodeKernels();
  return {
    backendVersion: `${version['tfjs-node']} (TensorFlow ${binding.TF_Version})`,
    deviceKind: isGpu ? 'cuda' : 'cpu',
    device: isGpu ? 'CUDA GPU through TensorFlow' : describeProcessor(),
    isHardware: true,
  };
}

function describeProcessor(): string {
  const threads = Number(process.env.TF_NUM_INTRAOP_THREADS);
  return `processor through TensorFlow, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
}

function requirePackage(name: string): TfjsNodePackage {
  const native = findNativeBuild();
  const [from, specifier] =
    native === null ? [import.meta.url, `@tensorflow/${name}`] : [native, '@tensorflow/tfjs-node'];
  const require = createRequire(from);
  try {
    require.resolve(specifier);
  } catch (error) {
    throw new Error(`${specifier} is not installed`, { cause: error });
  }
  return require(specifier) as TfjsNodePackage;
}

/** A module address inside `native/`, once it has been built and tried; null before. */
function findNativeBuild(folders: readonly URL[] = nativeFolders): URL | null {
  const folder = folders.find((candidate) => existsSync(new URL('node_modules/.abkd-native.json', candidate)));
  return folder === undefined ? null : new URL('package.json', folder);
}

/** What TensorFlow reads when it starts. What the user set stays. */
function setEnvironment(): void {
  // Slots are processes: several trials fill the cores better than several threads of one. And sums whose parts depend
  // on the number of threads would make results depend on the host.
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  // Its notes on the processor's instruction sets are for who builds it.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  // Not on by default on processors without AVX-512 VNNI: ResNet-20 trains 1.4 times as fast with it there too.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed. */
function defineRemovedUtil(): void {
  if ('isNullOrUndefined' in util) return;
  Object.defineProperty(util, 'isNullOrUndefined', {
    value: (value: unknown) => value === null || value === undefined,
  });
}
