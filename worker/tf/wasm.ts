import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';
import { loadKernelModule } from './wasm-kernels/kernel-module.ts';
import { registerWasmKernels } from './wasm-kernels/registry.ts';

/**
 * tfjs's WASM backend with SIMD and our kernels. One thread: the backend has no threads under Node, and slots are
 * processes, so that several trials fill the cores better than several threads of one would.
 * @throws where the processor or the runtime has no WebAssembly SIMD
 */
export async function loadWasm(): Promise<LoadedBackend> {
  const { setWasmPaths, version_wasm } = await import('@tensorflow/tfjs-backend-wasm');
  const packageEntry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(packageEntry), '/'));
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly module could not be instantiated');
  // After the shipped kernels, which ours call, have been bound to their module.
  registerWasmKernels(await loadKernelModule(tf.backend() as BackendWasm));
  return { backendVersion: version_wasm, deviceKind: 'cpu', device: 'one thread, SIMD', isHardware: true };
}
