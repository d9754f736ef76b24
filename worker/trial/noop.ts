import { writeFile } from 'node:fs/promises';
import { createRandom } from '../../core/random.ts';
import type { RunDefinition } from '../../core/task.ts';
import { sleep } from '../../platform/async.ts';
import type { CaptureState, TrialContext, TrialRunner } from './context.ts';

type NoopRun = Extract<RunDefinition, { kind: 'noop' }>;

/** Standard deviation of the made-up value over seeds, percentage points. */
const noiseSd = 0.3;

/**
 * Trains nothing: waits `durationMs` in `steps` equal parts and reports a smooth surface of its parameters with a
 * single optimum of 90 at alpha = 0.6, beta = 0.3 (0.5 for any other parameter), plus noise that the seed alone decides.
 * `failure` ends the last step badly, the way real trials do. It goes on where an earlier attempt left off, as they do.
 */
export const runNoop: TrialRunner = async (context) => {
  const { definition, params, seed } = context.assignment;
  if (definition.run.kind !== 'noop') throw new TypeError(`Cannot run "${definition.run.kind}" as noop`);
  const { durationMs, steps, failure } = definition.run;
  const random = createRandom(seed);
  const final = surface(params) + noiseSd * random.split('noop', 'selection').normal();
  for (let step = (context.resume?.step ?? 0) + 1; step <= steps; step++) {
    await sleep(durationMs / steps, context.signal);
    context.signal.throwIfAborted();
    if (step === steps) endBadly(failure, context, step);
    const selection = final * (1 - Math.exp((-4 * step) / steps));
    context.report(step, { loss: 1 - selection / 100, selection });
    if (step < steps) await context.checkpoint(step, captureNothing);
    await context.yieldNow();
  }
  return {
    selectionValue: final,
    testValue: final - 0.5 + noiseSd * random.split('noop', 'test').normal(),
    scaleFactor: null,
    teacherSha256: null,
    extras: {},
  };
};

/** A noop trial has no state but the number of its steps, which is known beside the file. */
const captureNothing: CaptureState = async () => (path) => writeFile(path, 'noop');

function surface(params: Readonly<Record<string, number>>): number {
  const optimum: Readonly<Record<string, number>> = { alpha: 0.6, beta: 0.3 };
  const distances = Object.entries(params).map(([name, value]) => (value - (optimum[name] ?? 0.5)) ** 2);
  return 90 / (1 + 0.2 * distances.reduce((sum, distance) => sum + distance, 0));
}

function endBadly(failure: NoopRun['failure'], context: TrialContext, step: number): void {
  switch (failure) {
    case 'none':
      return;
    case 'exception':
      throw new Error('The noop run was told to throw');
    case 'crash':
      // As a native library ends a process: no exception, no last message.
      process.stderr.write('The noop run was told to crash\n');
      process.exit(70);
      break;
    case 'outOfMemory':
      exhaustHeap();
      break;
    case 'nan':
      context.report(step, { loss: Number.NaN });
      break;
    case 'hang':
      // Blocks the thread without using it: no timer and no message gets through any more.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

/** Keeps small objects until the heap's limit ends the process, as a leak would. */
function exhaustHeap(): void {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 1024 }, (_, index) => index + 0.5));
}
