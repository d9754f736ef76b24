import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';

/** Names by which the drivers that compute on a processor give themselves away. */
const softwareDriver = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

interface Gpu {
  requestAdapter(options?: object): Promise<{ readonly info: AdapterInfo } | null>;
}

/**
 * WebGPU under Node: Dawn from the `webgpu` package (Vulkan, Metal or Direct3D 12) with tfjs's WebGPU backend. Runs on
 * any GPU with a recent driver, without CUDA.
 * @throws where no adapter is found, or Dawn's binary does not load on this machine
 */
export async function loadWebGpu(): Promise<LoadedBackend> {
  const gpu = await createGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('no adapter: no GPU with a Vulkan, Metal or Direct3D 12 driver is visible');
  // Reads navigator.gpu when it is loaded.
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('the adapter gave no device');
  const { vendor, architecture, device, description } = adapter.info;
  const name =
    [vendor, architecture, description || device].filter((part) => part !== '').join(' ') || 'unnamed adapter';
  return {
    backendVersion: packageVersion(),
    deviceKind: 'webgpu',
    device: name,
    isHardware: !softwareDriver.test(name),
  };
}

function packageVersion(): string {
  const description = createRequire(import.meta.url)('@tensorflow/tfjs-backend-webgpu/package.json') as unknown;
  return (description as { readonly version: string }).version;
}

/** Dawn's entry point, put where browsers have it. It lives as long as the process. */
async function createGpu(): Promise<Gpu> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]) as unknown as Gpu;
  // Node 21 and later have a navigator of their own.
  const browserLike = globalThis as { readonly navigator?: object };
  if (browserLike.navigator === undefined) Object.defineProperty(globalThis, 'navigator', { value: {} });
  Object.defineProperty(browserLike.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}
