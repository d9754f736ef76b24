import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { backendNames, initBackend } from '../../worker/tf/backend.ts';

it('initBackend() refuses an unknown name and says which there are', async () => {
  await expect(initBackend('tpu')).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringContaining(backendNames.join(', ')),
  });
});

it('auto finds a backend where packages are absent or fail while they load', async () => {
  const { backend, backendVersion } = await initBackend('auto');
  expect(backendNames).toContain(backend);
  expect(backendVersion).toMatch(/^\d+\.\d+/);
  const sum = tf.add(tf.tensor1d([1, 2]), 1);
  expect([...(await sum.data())]).toEqual([2, 3]);
});

it('a process keeps its backend: the same name gives the same answer, another one is refused', async () => {
  const { backend } = await initBackend('auto');
  expect((await initBackend(backend)).backend).toBe(backend);
  const other = backendNames.find((name) => name !== backend)!;
  await expect(initBackend(other)).rejects.toMatchObject({ code: 'CONFLICT' });
});
