import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../core/errors.ts';
import { createRandom, type Random } from '../../core/random.ts';
import { type ActiveBackend, type BackendName, initBackend } from '../../worker/tf/backend.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { conformanceCases } from './conformance-cases.ts';
import { type Array64, array64, differentiate } from './float64-reference.ts';

/**
 * Largest error allowed, as a part of the largest component of the expected array. float32 carries 6e-8 and the
 * longest sum here has 75 terms; 1e-5 is what the loss kernel's own reference values ask for.
 */
const tolerance = 1e-5;

/** Elements of each input that a gradient is checked at: one takes two runs of the reference. */
const checkedElements = 30;

/**
 * Declares the tests that a backend computes every operation of `conformanceCases` and its gradients as float64 does.
 * A file calls this once: a process has one backend. Where the backend does not load here, all are skipped, saying why.
 */
export async function describeConformance(name: BackendName): Promise<void> {
  const loaded = await tryBackend(name);
  if (typeof loaded === 'string') console.info(`conformance of ${name} is skipped: ${loaded}`);
  for (const { title, notOn } of conformanceCases) {
    if (notOn?.includes(name)) console.info(`conformance of ${name} leaves out ${title}: its kernel is not exact`);
  }
  describe.skipIf(typeof loaded === 'string')(`the ${name} backend agrees with float64 to 1e-5`, () => {
    const exact = conformanceCases.filter(({ notOn }) => !notOn?.includes(name));
    it.each(exact)('$title, without leaving a tensor behind', checkCase);
  });
}

async function tryBackend(name: BackendName): Promise<ActiveBackend | string> {
  try {
    return await initBackend(name);
  } catch (error) {
    return messageOf(error);
  }
}

async function checkCase(operation: ConformanceCase): Promise<void> {
  const before = tf.memory().numTensors;
  const random = createRandom(7).split(operation.title);
  const inputs = operation.shapes.map((shape) => draw(random, shape, operation.range ?? [-1, 1]));
  const value = operation.reference(...inputs);
  await expectClose('value', toTensors(inputs), ([...xs]) => [operation.compute(...xs)], [value]);
  if (operation.hasGradient !== false) {
    const upstream = draw(random, value.shape, [-1, 1]);
    const gradients = inputs.map(({ values }, which) => {
      const elements = random.permutation(values.length).slice(0, checkedElements);
      return differentiate(operation.reference, inputs, which, upstream, [...elements]);
    });
    await expectClose(
      'gradient',
      toTensors([upstream, ...inputs]),
      ([dy, ...xs]) => gradientsOf(operation, xs, dy!),
      gradients,
    );
  }
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
}

function gradientsOf(operation: ConformanceCase, inputs: Tensor[], upstream: Tensor): readonly Tensor[] {
  return tf.grads((...xs: Tensor[]) => operation.compute(...xs))(inputs, upstream);
}

async function expectClose(
  what: string,
  inputs: readonly Tensor[],
  compute: (inputs: readonly Tensor[]) => readonly Tensor[],
  expected: readonly Array64[],
): Promise<void> {
  const results = tf.tidy(() => [...compute(inputs)]);
  for (const [i, result] of results.entries()) {
    expect(result.shape).toEqual(expected[i]!.shape);
    const actual = await result.data();
    const { values } = expected[i]!;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
    for (const [at, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      expect(Math.abs(value - actual[at]!) / largest, `${what} ${i}, element ${at}`).toBeLessThan(tolerance);
    }
  }
  tf.dispose([...results, ...inputs]);
}

/** Values that float32 holds exactly, and that lie apart from each other, so that no maximum is a tie. */
function draw(random: Random, shape: readonly number[], [low, high]: readonly [number, number]): Array64 {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const order = random.permutation(size);
  // Between inputs: one that another is compared with must not hold the same value.
  const offset = 0.1 + 0.8 * random.uniform();
  return array64(
    shape,
    Float32Array.from(order, (place) => low + ((high - low) * (place + offset)) / size),
  );
}

function toTensors(inputs: readonly Array64[]): readonly Tensor[] {
  return inputs.map(({ values, shape }) => tf.tensor(Float32Array.from(values), [...shape], 'float32'));
}
