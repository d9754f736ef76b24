import * as tf from '@tensorflow/tfjs-core';
import type { Times } from './timed.ts';

/** Kernels below this part of the time are left out. */
const smallestShare = 0.01;

/**
 * The part of the time that each kernel took in what `run` timed, largest first; `other` is what happens between them and
 * in kernels below 1 %. Only for backends that compute while they are called.
 */
export async function kernelShares(
  backend: string,
  run: () => Promise<Times>,
): Promise<Readonly<Record<string, number>>> {
  const spentMs = new Map<string, number>();
  // Only outermost calls count: a kernel may call another.
  let depth = 0;
  const kernels = tf.getKernelsForBackend(tfjsName(backend)).map((kernel) => ({ kernel, original: kernel.kernelFunc }));
  for (const { kernel, original } of kernels) {
    kernel.kernelFunc = (call) => {
      const started = performance.now();
      depth++;
      try {
        return original(call);
      } finally {
        depth--;
        const spent = depth > 0 ? 0 : performance.now() - started;
        spentMs.set(kernel.kernelName, (spentMs.get(kernel.kernelName) ?? 0) + spent);
      }
    };
  }
  const totalMs = 1000 * (await run()).seconds;
  for (const { kernel, original } of kernels) kernel.kernelFunc = original;
  const large = [...spentMs].filter(([, ms]) => ms / totalMs >= smallestShare).sort(([, a], [, b]) => b - a);
  const named = large.map(([name, ms]): [string, number] => [name, ms / totalMs]);
  const other = 1 - named.reduce((sum, [, share]) => sum + share, 0);
  return Object.fromEntries([...named, ['other', other]]);
}

/** What tfjs calls the backend that a package registers. */
function tfjsName(backend: string): string {
  return backend.startsWith('tfjs-node') ? 'tensorflow' : backend;
}
