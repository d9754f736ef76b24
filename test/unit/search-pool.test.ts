import { expect, onTestFinished, test } from 'vitest';
import { createSearchPool, type StepRequest } from '../../coordinator/engine/search-pool.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';

/** A thread that answers with the number of bigints that it was sent, throws or never answers, as `wanted` says. */
const program = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ plan, wanted }) => {
      if (wanted === 1) throw new RangeError('no positive definite matrix');
      if (wanted === 2) process.exit(3);
      if (wanted === 3) for (;;);
      parentPort.postMessage({ points: [], isFinished: typeof plan.space.axes[0].min.digits === 'bigint' });
    });
  `)}`,
);

const request = (wanted: number): StepRequest => ({
  plan: {
    ...{ method: 'gp', space: createSpace([createAxis('alpha', { min: 0, max: 1 })], []), seed: 1, points: 3 },
    ...{ replicates: { min: 1, max: 1 }, confirm: null, stop: null },
  },
  history: { points: [], steps: [] },
  wanted,
});

test('a step that throws, ends its thread or takes too long is an error, and the next one is computed', async () => {
  const pool = createSearchPool({ program, threads: 1, timeoutMs: 2_000 });
  onTestFinished(() => pool.close());
  const steps = [1, 2, 3, 0].map((wanted) => pool.ask(request(wanted)));
  await expect(steps[0]).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('no positive') });
  await expect(steps[1]).rejects.toThrow('Cannot compute the next points: the thread ended with code 3');
  await expect(steps[2]).rejects.toThrow('Cannot compute the next points: it took longer than 2000 ms');
  expect(await steps[3]).toEqual({ points: [], isFinished: true });
});

test('closing ends what is under way and what waits', async () => {
  const pool = createSearchPool({ program, threads: 1 });
  const steps = [3, 0].map((wanted) => pool.ask(request(wanted)));
  const ended = Promise.allSettled(steps);
  await pool.close();
  expect((await ended).map((step) => step.status)).toEqual(['rejected', 'rejected']);
  await expect(pool.ask(request(0))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
