import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkKernelProof } from '../../core/kernel-proof.ts';
import { kernelProofCases } from '../../core/kernel-proof-cases.ts';
import { abDivergence, compatFactor } from '../../worker/distill/divergence.ts';
import { computeKernelProof } from '../../worker/distill/kernel-proof.ts';
import { abReference } from '../support/ab-reference.ts';
import {
  largestError,
  loadTestedBackends,
  testedBackends,
  valueAndGradient,
} from '../support/divergence-on-backend.ts';
import { abInputs, planePoints } from '../support/vectors/ab-inputs.ts';
import { type AbInput, exactAb } from '../support/vectors/exact.ts';

beforeAll(loadTestedBackends);

function measured({ teacherLogits, studentLogits, ...rest }: AbInput & { readonly compat?: 'abkdRef' }) {
  return valueAndGradient([studentLogits], (logits) =>
    tf.sum(abDivergence({ teacherLogits: tf.tensor2d([[...teacherLogits]]), studentLogits: logits, ...rest })),
  );
}

describe.each(testedBackends)('abDivergence() on %s', (backend) => {
  beforeEach(() => tf.setBackend(backend));

  it.each(planePoints)('agrees with 77-digit arithmetic at alpha = %d, beta = %d', async (alpha, beta) => {
    for (const input of abInputs.filter((one) => one.alpha === alpha && one.beta === beta)) {
      const expected = exactAb(input);
      const { value, gradient } = await measured(input);
      expect(Math.abs(value / expected.divergence - 1)).toBeLessThan(5e-6);
      expect(largestError(gradient, [expected.gradient])).toBeLessThan(5e-6);
    }
  });

  it('proves itself on the reference inputs of the kernel proof', async () => {
    expect(checkKernelProof(await computeKernelProof())).toBeNull();
  });

  it('keeps digits where the student nearly equals the teacher', async () => {
    const teacherLogits = [1, 0.5, -0.25, 0];
    const studentLogits = [1, 0.5, -0.25, 2 ** -10];
    for (const [alpha, beta] of planePoints) {
      const options = { alpha, beta, temperature: 1 };
      const expected = abReference(teacherLogits, studentLogits, options);
      const { value, gradient } = await measured({ teacherLogits, studentLogits, ...options });
      expect(Math.abs(value / expected.divergence - 1)).toBeLessThan(1e-3);
      expect(largestError(gradient, [expected.gradient])).toBeLessThan(1e-3);
    }
  });
});

describe('the references of the divergence', () => {
  it.each(kernelProofCases)('agree: alpha = $alpha, beta = $beta, T = $temperature', (reference) => {
    const exact = exactAb(reference);
    const stable = abReference(reference.teacherLogits, reference.studentLogits, reference);
    for (const one of [reference, stable]) {
      expect(Math.abs(one.divergence / exact.divergence - 1)).toBeLessThan(1e-13);
      expect(largestError([one.gradient], [exact.gradient])).toBeLessThan(1e-13);
    }
  });
});

describe('compat abkdRef', () => {
  const teacherLogits = [0.7, 0.2, 0.1].map(Math.log);
  const studentLogits = [0.5, 0.3, 0.2].map(Math.log);

  it('has the factors of the published code, and its negative value where that code maximises', async () => {
    await tf.setBackend('wasm');
    const at = (alpha: number, beta: number) =>
      measured({ teacherLogits, studentLogits, alpha, beta, temperature: 1, compat: 'abkdRef' });
    // 0.419576 times -0.6; 0.169748 times 0.5; 0.136677 times 0.7 (float64 values of the definition at these p and q).
    expect((await at(-0.6, 0.6)).value).toBeCloseTo(-0.251745, 5);
    expect((await at(0.5, 0)).value).toBeCloseTo(0.084874, 5);
    expect((await at(0, 0.7)).value).toBeCloseTo(0.095674, 5);
  });

  it('is exact off the lines, at (0, 0), and for forward and reverse KL', () => {
    for (const [alpha, beta] of [
      [0.6, 0.5],
      [0, 0],
      [1, 0],
      [0, 1],
    ] as const) {
      expect(compatFactor('abkdRef', alpha, beta)).toBe(1);
    }
  });
});
