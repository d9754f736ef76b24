import { createRequire } from 'node:module';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';
import type { TfjsNodeBackend } from './tfjs-node-kernels/backend-access.ts';
import { registerTfjsNodeKernels } from './tfjs-node-kernels/registry.ts';
import { findTfjsNode } from './tfjs-node-package.ts';

/** What both packages export beyond tfjs-core, as far as we use it. */
interface TfjsNodePackage {
  readonly version: Readonly<Record<string, string>>;
}

/**
 * TensorFlow's C library through `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`. Both are optional: their
 * install scripts fetch a library that is not reachable everywhere. What `npm run native` built goes before both, and
 * is either of them according to what its library can use.
 * @throws where the package is absent or its library is, and where `tfjs-node-gpu` finds no GPU
 */
export async function loadTfjsNode(name: 'tfjs-node' | 'tfjs-node-gpu'): Promise<LoadedBackend> {
  defineRemovedUtil();
  setEnvironment();
  const { version } = createRequire(import.meta.url)(findTfjsNode(name)) as TfjsNodePackage;
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow did not start');
  const { isUsingGpuDevice: isGpu, binding } = tf.backend() as unknown as TfjsNodeBackend;
  if (name === 'tfjs-node-gpu' && !isGpu) throw new Error('TensorFlow finds no GPU');
  registerTfjsNodeKernels();
  return {
    backendVersion: `${version['tfjs-node']} (TensorFlow ${binding.TF_Version})`,
    deviceKind: isGpu ? 'cuda' : 'cpu',
    device: `${isGpu ? 'CUDA GPU' : 'processor'} through TensorFlow`,
    isHardware: true,
  };
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
