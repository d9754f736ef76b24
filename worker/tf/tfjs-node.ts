import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';

/** What both packages export beyond tfjs-core, as far as we use it. */
interface TfjsNodePackage {
  readonly version: Readonly<Record<string, string>>;
}

/** The native backend object, as far as we use it. */
interface TfjsNodeBackend {
  readonly isUsingGpuDevice?: boolean;
}

/**
 * TensorFlow's C library through `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`. Both are optional: their
 * install scripts fetch a library that is not reachable everywhere.
 * @throws where the package is absent, its library was not installed, or it does not fit this Node release
 */
export async function loadTfjsNode(name: 'tfjs-node' | 'tfjs-node-gpu'): Promise<LoadedBackend> {
  defineRemovedUtil();
  // Not a literal: the compiler would ask for the types of a package that need not be there.
  const specifier: string = `@tensorflow/${name}`;
  const loaded = await importPackage(specifier);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow did not start');
  const isGpu = (tf.backend() as TfjsNodeBackend).isUsingGpuDevice === true;
  const version = (loaded.default ?? loaded).version['tfjs-node'] ?? 'unknown';
  const device = isGpu ? 'CUDA GPU through TensorFlow' : 'processor through TensorFlow';
  return { backendVersion: version, deviceKind: isGpu ? 'cuda' : 'cpu', device, isHardware: true };
}

async function importPackage(specifier: string): Promise<TfjsNodePackage & { readonly default?: TfjsNodePackage }> {
  try {
    return await import(specifier);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`${specifier} is not installed`, { cause: error });
  }
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed. */
function defineRemovedUtil(): void {
  if ('isNullOrUndefined' in util) return;
  Object.defineProperty(util, 'isNullOrUndefined', {
    value: (value: unknown) => value === null || value === undefined,
  });
}
