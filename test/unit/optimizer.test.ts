import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOptimizer } from '../../worker/distill/create-optimizer.ts';
import type { Optimizer } from '../../worker/distill/optimizer.ts';
import { initBackend } from '../../worker/tf/backend.ts';

let tensorsBefore = 0;
beforeAll(async () => {
  await initBackend('wasm');
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const start = [3, -1, 0.5];
const gradients = [
  [1, -2, 1e-3],
  [0.5, 0.5, -1e-3],
  [-1, 0, 2e-3],
  [4, 1, 0],
];
const rates = [0.1, 0.1, 0.05, 0.01];

const createParameter = (values: readonly number[]) => tf.tidy(() => tf.variable(tf.tensor1d([...values])));

function takeSteps(optimizer: Optimizer, parameter: tf.Variable, from: number, to: number): number[] {
  for (let step = from; step < to; step += 1) {
    tf.tidy(() => optimizer.step({ [parameter.name]: tf.tensor1d(gradients[step]!) }, rates[step]!));
  }
  return [...parameter.dataSync()];
}

it('AdamW moves parameters as torch.optim.AdamW does', () => {
  // PyTorch 2.15: AdamW([w], lr=rates[step], weight_decay=0.1), four steps on these gradients in float64.
  const expected = [2.7203133734745775, -0.8108909861601409, 0.3649699099473168];
  const parameter = createParameter(start);
  const optimizer = createOptimizer([parameter], { optimizer: 'adamw', momentum: 0.9, weightDecay: 0.1 });
  const moved = takeSteps(optimizer, parameter, 0, 4);
  for (const [k, value] of moved.entries()) expect(value).toBeCloseTo(expected[k]!, 5);
  optimizer.dispose();
  parameter.dispose();
});

it.each(['sgd', 'adamw'] as const)('%s continues bit for bit from a saved state', (kind) => {
  const settings = { optimizer: kind, momentum: 0.9, weightDecay: 0.1 };
  const parameter = createParameter(start);
  const optimizer = createOptimizer([parameter], settings);
  const middle = takeSteps(optimizer, parameter, 0, 2);
  const saved = new Map([...optimizer.state].map(([name, variable]) => [name, [...variable.dataSync()]]));
  const end = takeSteps(optimizer, parameter, 2, 4);

  const copy = createParameter(middle);
  const resumed = createOptimizer([copy], settings);
  expect([...resumed.state.keys()]).toEqual([...saved.keys()]);
  for (const [name, variable] of resumed.state) {
    tf.tidy(() => variable.assign(tf.tensor(saved.get(name)!, variable.shape, variable.dtype)));
  }
  expect(takeSteps(resumed, copy, 2, 4)).toEqual(end);
  for (const each of [optimizer, resumed, parameter, copy]) each.dispose();
});
