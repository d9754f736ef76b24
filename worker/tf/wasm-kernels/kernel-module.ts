import { readFile } from 'node:fs/promises';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** Addresses, sizes and numbers in the order that the function of that name in `worker/tf/wasm-module` declares. */
type Procedure = (...args: readonly number[]) => void;

/** Our WebAssembly module, bound to the memory of tfjs's. */
export interface KernelModule {
  readonly batchNormForward: Procedure;
  readonly batchNormGradient: Procedure;
  readonly filterGradient: Procedure;
  readonly inputGradient: Procedure;
  readonly momentumStep: Procedure;
  readonly packInputPanels: Procedure;
  readonly reluGradient: Procedure;
  readonly turnFilter: Procedure;
  readonly winogradConvolution: Procedure;
  readonly winogradFilterGradient: Procedure;
  readonly winogradScratchBytes: (channels: number, outChannels: number) => number;
}

/** Of the engine's own, whose types come with those of browsers only. */
declare const WebAssembly: {
  instantiate(
    binary: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

/** tfjs's module as Emscripten wraps it, as far as we use it. */
interface EmscriptenModule {
  readonly asm: { readonly memory: object };
}

/** @throws where the processor has no 128-bit SIMD */
export async function loadKernelModule(backend: BackendWasm): Promise<KernelModule> {
  const binary = await readFile(new URL('../wasm-module/gen/kernels.wasm', import.meta.url));
  const { memory } = (backend.wasm as unknown as EmscriptenModule).asm;
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  return instance.exports as KernelModule;
}
