import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkKernelProof } from '../../core/kernel-proof.ts';
import { createRandom } from '../../core/random.ts';
import { abDivergence, type DivergenceOptions } from '../../worker/distill/divergence.ts';
import { computeKernelProof } from '../../worker/distill/kernel-proof.ts';
import { type BackendName, initBackend } from '../../worker/tf/backend.ts';
import { abReference } from './ab-reference.ts';
import { abInputs, planePoints } from './vectors/ab-inputs.ts';
import { exactAb } from './vectors/exact.ts';

type Rows = readonly (readonly number[])[];
type Point = Pick<DivergenceOptions, 'alpha' | 'beta' | 'temperature'> & Partial<Pick<DivergenceOptions, 'compat'>>;

/** Declares the tests of the AB divergence on a backend. A file calls this once: a process has one backend. */
export async function describeDivergence(backend: BackendName): Promise<void> {
  await initBackend(backend);
  describe(`abDivergence() on the ${backend} backend`, () => {
    let tensorsBefore = 0;
    beforeEach(() => {
      tensorsBefore = tf.memory().numTensors;
    });
    afterEach(() => {
      expect(tf.memory().numTensors).toBe(tensorsBefore);
    });

    it.each(planePoints)('agrees with 77-digit arithmetic to 1e-5 at (%d, %d)', (alpha, beta) => {
      for (const input of abInputs.filter((candidate) => candidate.alpha === alpha && candidate.beta === beta)) {
        const { values, gradients } = compute([input.teacherLogits], [input.studentLogits], input);
        const exact = exactAb(input);
        expectClose(values, [exact.divergence]);
        expectClose(gradients[0]!, exact.gradient);
      }
    });

    it('treats each row of a batch by itself', () => {
      const random = createRandom(3);
      const draw = () => Array.from({ length: 33 }, () => Array.from({ length: 50 }, () => 3 * random.normal()));
      const [teacher, student] = [draw(), draw()];
      for (const [alpha, beta] of planePoints) {
        const { values, gradients } = compute(teacher, student, { alpha, beta, temperature: 2 });
        const expected = teacher.map((row, i) => abReference(row, student[i]!, { alpha, beta, temperature: 2 }));
        for (const [i, { divergence, gradient }] of expected.entries()) {
          expectClose([values[i]!], [divergence]);
          expectClose(gradients[i]!, gradient);
        }
      }
    });

    it('is zero with a zero gradient where the student equals the teacher', () => {
      for (const [alpha, beta] of planePoints) {
        const { values, gradients } = compute([[3, -1, 0.5]], [[3, -1, 0.5]], { alpha, beta, temperature: 1 });
        expect(Math.abs(values[0]!)).toBe(0);
        expect(Math.max(...gradients[0]!.map(Math.abs))).toBe(0);
      }
    });

    it('stays finite and pulls the right way where probabilities underflow', () => {
      for (const [alpha, beta] of planePoints) {
        const { values, gradients } = compute([[300, 0, -300]], [[-300, 0, 300]], { alpha, beta, temperature: 1 });
        expect(values[0]).toBeGreaterThan(0);
        expect(values[0]).toBeLessThan(Number.POSITIVE_INFINITY);
        expect(gradients[0]!.every(Number.isFinite)).toBe(true);
        // Less of the class that the teacher rules out; never less of the one that it is sure of.
        expect(gradients[0]![2]).toBeGreaterThanOrEqual(0);
        expect(gradients[0]![0]).toBeLessThanOrEqual(0);
      }
    });

    it('multiplies the gradient by what comes from above', () => {
      const gradient = tf.tidy(() => {
        const teacherLogits = tf.tensor2d([[2, 1, 0.1, -1]]);
        const options = { teacherLogits, alpha: 1, beta: 0, temperature: 1, compat: 'exact' as const };
        const tripled = (logits: tf.Tensor) =>
          tf.mul(abDivergence({ ...options, studentLogits: logits as tf.Tensor2D }), 3);
        return tf
          .grad(tripled)(tf.tensor2d([[0.5, 0.2, 0, -0.3]]))
          .dataSync();
      });
      const { gradients } = compute([[2, 1, 0.1, -1]], [[0.5, 0.2, 0, -0.3]], { alpha: 1, beta: 0, temperature: 1 });
      expectClose(
        [...gradient],
        gradients[0]!.map((component) => 3 * component),
      );
    });

    it.each([
      { alpha: 0.5, beta: 0, factor: 0.5 },
      { alpha: 0, beta: 0.7, factor: 0.7 },
      { alpha: 0.6, beta: -0.6, factor: 0.6 },
      { alpha: -0.6, beta: 0.6, factor: -0.6 },
      { alpha: 0, beta: 0, factor: 1 },
      { alpha: 0.5, beta: 0.5, factor: 1 },
    ])(
      "gives the published code's $factor of the value at ($alpha, $beta) with compat abkdRef",
      ({ factor, ...at }) => {
        const logits = [[[2, 1, 0.1, -1]], [[0.5, 0.2, 0, -0.3]]] as const;
        const exact = compute(...logits, { ...at, temperature: 1 });
        const published = compute(...logits, { ...at, temperature: 1, compat: 'abkdRef' });
        expectClose(published.values, [factor * exact.values[0]!]);
        expectClose(
          published.gradients[0]!,
          exact.gradients[0]!.map((component) => factor * component),
        );
      },
    );

    it('passes the kernel proof', async () => {
      expect(checkKernelProof(await computeKernelProof())).toBeNull();
    });
  });
}

/** Values and gradients of the sum over the batch, through tfjs's own automatic differentiation. */
function compute(teacher: Rows, student: Rows, { alpha, beta, temperature, compat = 'exact' }: Point) {
  const rows = (logits: Rows) => tf.tensor2d(logits.map((row) => [...row]));
  return tf.tidy(() => {
    const options = { teacherLogits: rows(teacher), alpha, beta, temperature, compat };
    const values: number[] = [];
    const gradient = tf.grad((logits: tf.Tensor) => {
      const divergence = abDivergence({ ...options, studentLogits: logits as tf.Tensor2D });
      values.push(...divergence.dataSync());
      return tf.sum(divergence);
    })(rows(student));
    return { values, gradients: gradient.arraySync() as number[][] };
  });
}

/** To 1e-5 of the largest expected component. */
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  const tolerance = 1e-5 * Math.max(...expected.map(Math.abs));
  const worst = Math.max(...expected.map((value, index) => Math.abs(actual[index]! - value)));
  expect(worst, `${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
}
