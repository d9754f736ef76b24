import { lossKernelId } from './kernel.ts';
import { type KernelProofCase, kernelProofCases } from './kernel-proof-cases.ts';

/** Of a divergence: largest accepted error relative to the value. Float32 kernels reach about 1e-6. */
export const divergenceTolerance = 1e-5;

/** Of a gradient: largest accepted error relative to its largest component. */
export const gradientTolerance = 1e-5;

/** What a worker's backend computed for `kernelProofCases`. */
export interface KernelProof {
  /** `lossKernelId` of the worker. */
  readonly kernelId: string;
  /** One value per case. */
  readonly divergences: readonly number[];
  /** The gradients of all cases, one after another. */
  readonly gradients: readonly number[];
}

/** Why a worker's loss kernel is not ours, naming the first wrong value; null where it is. */
export function checkKernelProof(proof: KernelProof): string | null {
  if (proof.kernelId !== lossKernelId) return `its loss kernel is "${proof.kernelId}", expected "${lossKernelId}"`;
  const components = kernelProofCases.reduce((sum, { gradient }) => sum + gradient.length, 0);
  if (proof.divergences.length !== kernelProofCases.length || proof.gradients.length !== components) {
    return (
      `its kernel proof has ${proof.divergences.length} divergences and ${proof.gradients.length} gradient components, ` +
      `expected ${kernelProofCases.length} and ${components}`
    );
  }
  let offset = 0;
  for (const [index, expected] of kernelProofCases.entries()) {
    const gradient = proof.gradients.slice(offset, offset + expected.gradient.length);
    const problem = checkCase(expected, proof.divergences[index]!, gradient);
    if (problem !== null) return problem;
    offset += expected.gradient.length;
  }
  return null;
}

function checkCase(expected: KernelProofCase, divergence: number, gradient: readonly number[]): string | null {
  const where = `at alpha=${expected.alpha}, beta=${expected.beta}, T=${expected.temperature}`;
  if (!isClose(divergence, expected.divergence, divergenceTolerance * Math.abs(expected.divergence))) {
    return `its divergence ${where} is ${divergence}, expected ${expected.divergence}`;
  }
  const largest = Math.max(...expected.gradient.map(Math.abs));
  const wrong = gradient.findIndex((value, k) => !isClose(value, expected.gradient[k]!, gradientTolerance * largest));
  if (wrong < 0) return null;
  return `its gradient ${where} has component ${wrong} = ${gradient[wrong]}, expected ${expected.gradient[wrong]}`;
}

/** False for NaN. */
function isClose(value: number, expected: number, tolerance: number): boolean {
  return Math.abs(value - expected) <= tolerance;
}
