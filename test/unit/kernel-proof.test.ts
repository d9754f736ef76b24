import { describe, expect, it } from 'vitest';
import { lossKernelId } from '../../core/kernel.ts';
import { checkKernelProof, type KernelProof } from '../../core/kernel-proof.ts';
import { kernelProofCases } from '../../core/kernel-proof-cases.ts';
import { abReference } from '../support/ab-reference.ts';
import { abInputs } from '../support/vectors/ab-inputs.ts';
import { exactAb } from '../support/vectors/exact.ts';

const correct: KernelProof = {
  kernelId: lossKernelId,
  divergences: kernelProofCases.map(({ divergence }) => divergence),
  gradients: kernelProofCases.flatMap(({ gradient }) => gradient),
};

/** The list with the value at `index` changed by `change`. */
function changed(values: readonly number[], index: number, change: (value: number) => number): readonly number[] {
  return values.map((value, i) => (i === index ? change(value) : value));
}

describe('kernel proof', () => {
  it('holds the values that 77-digit arithmetic gives', () => {
    for (const reference of kernelProofCases) {
      const { divergence, gradient } = exactAb(reference);
      expect(Math.abs(reference.divergence / divergence - 1)).toBeLessThan(1e-15);
      const largest = Math.max(...gradient.map(Math.abs));
      for (const [k, component] of gradient.entries()) {
        expect(Math.abs(reference.gradient[k]! - component)).toBeLessThan(1e-15 * largest);
      }
    }
  });

  it('covers every region of the plane', () => {
    const regions = kernelProofCases.map(({ alpha, beta }) => {
      if (alpha === 0 && beta === 0) return 'origin';
      if (beta === 0) return 'beta = 0';
      if (alpha === 0) return 'alpha = 0';
      return alpha + beta === 0 ? 'alpha + beta = 0' : 'general';
    });
    expect(new Set(regions).size).toBe(5);
  });

  it('accepts correct values and errors of float32 size', () => {
    expect(checkKernelProof(correct)).toBeNull();
    expect(
      checkKernelProof({ ...correct, divergences: changed(correct.divergences, 2, (d) => d * (1 + 9e-6)) }),
    ).toBeNull();
  });

  it.each([
    [
      'a divergence that is off by 2e-5',
      { divergences: changed(correct.divergences, 2, (d) => d * (1 + 2e-5)) },
      /divergence at alpha=0.5, beta=0.5, T=4/,
    ],
    [
      'a NaN',
      { divergences: changed(correct.divergences, 0, () => Number.NaN) },
      /divergence at alpha=1, beta=0, T=1 is NaN/,
    ],
    [
      'a gradient with a wrong sign',
      { gradients: correct.gradients.map((g) => -g) },
      /gradient at alpha=1, beta=0, T=1 has component 0/,
    ],
    [
      'the last gradient component wrong',
      { gradients: changed(correct.gradients, correct.gradients.length - 1, (g) => g + 1) },
      /gradient at alpha=-0.25/,
    ],
    ['missing values', { gradients: [] }, /0 gradient components, expected/],
    ['another kernel', { kernelId: 'ab-0' }, /"ab-0", expected "ab-1"/],
  ])('refuses %s and says where', (_, change, reason) => {
    expect(checkKernelProof({ ...correct, ...change })).toMatch(reason);
  });
});

describe('float64 reference', () => {
  it('agrees with 77-digit arithmetic to 1e-13 on all vectors', () => {
    for (const input of abInputs) {
      const exact = exactAb(input);
      const reference = abReference(input.teacherLogits, input.studentLogits, input);
      // Of vectors that nearly coincide or exponents near 0, the float64 form itself loses up to three digits.
      const isBenign = input.teacherLogits.length > 3 && Math.max(Math.abs(input.alpha), Math.abs(input.beta)) > 1e-3;
      const tolerance = isBenign ? 1e-13 : 1e-10;
      expect(Math.abs(reference.divergence / exact.divergence - 1)).toBeLessThan(tolerance);
      const largest = Math.max(...exact.gradient.map(Math.abs));
      const errors = exact.gradient.map((component, k) => Math.abs(reference.gradient[k]! - component));
      expect(Math.max(...errors)).toBeLessThan(tolerance * largest);
    }
  });
});
