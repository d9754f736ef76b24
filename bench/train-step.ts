/**
 * Images a second of training, forward, backward and the optimizer's step, with the cross-entropy loss: the median of
 * three runs. `shares` says which kernels the time went to, on backends that compute while they are called.
 */
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../worker/distill/objectives/ce.ts';
import { createSgd } from '../worker/distill/optimizer.ts';
import type { ClassifierShape } from '../worker/models/classifier.ts';
import { createClassifier } from '../worker/models/registry.ts';
import { type ActiveBackend, initBackend } from '../worker/tf/backend.ts';
import type { BenchOptions, BenchRow } from './bench.ts';

const models: readonly { readonly name: string; readonly shape: ClassifierShape }[] = [
  { name: 'cnn-s', shape: { imageSize: 28, channels: 1, classes: 10 } },
  { name: 'cnn-m', shape: { imageSize: 28, channels: 1, classes: 10 } },
];
const batch = 64;
const runs = 3;
/** Kernels below this part of the time are left out of `shares`. */
const smallestShare = 0.02;

export async function benchTrainStep({ quick, backend }: BenchOptions): Promise<readonly BenchRow[]> {
  const active = await initBackend(backend);
  const rows: BenchRow[] = [];
  for (const { name, shape } of models) rows.push(await benchModel(name, shape, quick ? 5 : 50, active));
  return rows;
}

async function benchModel(
  name: string,
  shape: ClassifierShape,
  steps: number,
  active: ActiveBackend,
): Promise<BenchRow> {
  const training = createTraining(name, shape);
  await training.run(2);
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await training.run(steps);
    rates.push((steps * batch) / ((performance.now() - started) / 1000));
  }
  const shares = active.deviceKind === 'cpu' ? await kernelShares(active.backend, () => training.run(steps)) : null;
  training.dispose();
  return {
    model: name,
    batch,
    backend: active.backend,
    imagesPerSec: rates.sort((a, b) => a - b)[runs >> 1]!,
    peerImagesPerSec: null,
    ratio: null,
    peakMb: process.resourceUsage().maxRSS / 1024,
    shares,
  };
}

function createTraining(name: string, shape: ClassifierShape) {
  const model = createClassifier(name, shape, 1);
  const optimizer = createSgd(model.parameters, { momentum: 0.9, weightDecay: 5e-4 });
  const { imageSize, channels, classes } = shape;
  const images = tf.randomNormal([batch, imageSize, imageSize, channels], 0, 1, 'float32', 2) as Tensor4D;
  const labels: Tensor1D = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % classes),
    'int32',
  );
  const step = () =>
    tf.tidy(() => {
      const lossOf = () => crossEntropy(labels, model.forward(images, { training: true }));
      const { value, grads } = tf.variableGrads(lossOf, [...model.parameters]);
      optimizer.step(grads, 0.01);
      return value;
    });
  return {
    async run(steps: number): Promise<void> {
      for (let i = 0; i < steps; i++) {
        const loss = step();
        await loss.data();
        loss.dispose();
      }
    },
    dispose(): void {
      optimizer.dispose();
      model.dispose();
      tf.dispose([images, labels]);
    },
  };
}

/** The part of the time that each kernel took while `run` ran, largest first; `other` is what happens between them. */
async function kernelShares(backend: string, run: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
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
  const started = performance.now();
  await run();
  const totalMs = performance.now() - started;
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
