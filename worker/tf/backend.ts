/**
 * The one place that chooses what tensors are computed with. A process has one backend, set once.
 *
 * Order of `auto`, and why:
 * 1. tfjs-node-gpu where TensorFlow uses a GPU: CUDA's own convolutions are the fastest there are;
 * 2. webgpu on a real GPU: the only way to AMD, Intel and Apple GPUs, and to NVIDIA's without CUDA;
 * 3. tfjs-node: TensorFlow on the processor, several times as fast as WASM at training;
 * 4. wasm: runs wherever Node runs, with SIMD kernels of ours for what training does most;
 * 5. cpu: plain JavaScript, a hundred times as slow.
 * WebGPU on a processor (SwiftShader) is slower than WASM and never chosen by `auto`, only by name.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { AbkdError, messageOf } from '../../core/errors.ts';
import { loadCpu } from './cpu.ts';
import { registerGradients } from './gradients/registry.ts';
import type { DeviceKind, LoadedBackend } from './loaded-backend.ts';
import { loadTfjsNode } from './tfjs-node.ts';
import { registerComposedKernels } from './training-kernels/composed.ts';
import { loadWasm } from './wasm.ts';
import { loadWebGpu } from './webgpu.ts';

export const backendNames = ['tfjs-node-gpu', 'webgpu', 'tfjs-node', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** The backend of this process. */
export interface ActiveBackend {
  readonly backend: BackendName;
  /** Version of the package that computes. */
  readonly backendVersion: string;
  readonly deviceKind: DeviceKind;
  /** What computes, in words. */
  readonly device: string;
  /** False where a processor stands in for a GPU, as with SwiftShader. */
  readonly isHardware: boolean;
}

const loaders: Readonly<Record<BackendName, () => Promise<LoadedBackend>>> = {
  'tfjs-node-gpu': () => loadTfjsNode('tfjs-node-gpu'),
  webgpu: loadWebGpu,
  'tfjs-node': () => loadTfjsNode('tfjs-node'),
  wasm: loadWasm,
  cpu: loadCpu,
};

const nameSchema = z.enum(['auto', ...backendNames]);

let active: { readonly requested: string; readonly result: Promise<ActiveBackend> } | undefined;

/**
 * Loads the backend and makes it tfjs's own. Calling again with the same name gives the same answer.
 * @param name `auto` or one of `backendNames`
 * @throws {AbkdError} BAD_CONFIG where the name is unknown, the backend does not load here, or another one is set
 */
export async function initBackend(name: string): Promise<ActiveBackend> {
  const parsed = nameSchema.safeParse(name);
  if (!parsed.success) {
    const expected = ['auto', ...backendNames].join(', ');
    throw new AbkdError('BAD_CONFIG', `Cannot use backend "${name}": unknown, expected one of ${expected}`);
  }
  active ??= { requested: name, result: start(parsed.data) };
  const result = await active.result;
  if (name !== active.requested && name !== result.backend) {
    throw new AbkdError('CONFLICT', `Cannot use backend "${name}": this process already uses "${result.backend}"`);
  }
  return result;
}

/** The backend that this process uses. @throws {AbkdError} INTERNAL before `initBackend` */
export async function activeBackend(): Promise<ActiveBackend> {
  if (active === undefined) throw new AbkdError('INTERNAL', 'Cannot tell the backend: none is loaded yet');
  return active.result;
}

async function start(name: 'auto' | BackendName): Promise<ActiveBackend> {
  // Otherwise the cpu backend greets with an advertisement.
  tf.enableProdMode();
  try {
    const chosen = await (name === 'auto' ? chooseBackend() : loadNamed(name));
    registerGradients();
    registerComposedKernels(tf.getBackend());
    return chosen;
  } catch (error) {
    // Nothing is set: another one may be asked for.
    active = undefined;
    throw error;
  }
}

async function loadNamed(name: BackendName): Promise<ActiveBackend> {
  try {
    return toActive(name, await loaders[name]());
  } catch (error) {
    throw new AbkdError('BAD_CONFIG', `Cannot use backend "${name}": ${messageOf(error)}`, { cause: error });
  }
}

async function chooseBackend(): Promise<ActiveBackend> {
  const reasons: string[] = [];
  for (const name of backendNames) {
    try {
      const loaded = await loaders[name]();
      if (loaded.isHardware) return toActive(name, loaded);
      reasons.push(`${name}: no GPU behind it`);
    } catch (error) {
      // A package that is absent, or fails while it is imported, is no reason to fail: the next one is tried.
      reasons.push(`${name}: ${messageOf(error)}`);
    }
  }
  throw new AbkdError('BAD_CONFIG', `Cannot find a backend: ${reasons.join('; ')}`);
}

function toActive(backend: BackendName, loaded: LoadedBackend): ActiveBackend {
  return { backend, ...loaded };
}
