/** Weights and images that any language can make alike: integer hashes of a name and an index. */

import type { Classifier } from '../../worker/models/classifier.ts';
import { torchShape } from '../../worker/models/weights/layout.ts';
import { stateOf } from '../../worker/models/weights/load.ts';
import type { StateDict } from '../../worker/models/weights/state-dict.ts';

/**
 * `value` of numbers u of [-1, 1): with h = 40503 Σ (k + 1) code(name[k]) and a = 2654435761 (i + 1) + h mod 2^32, a ^= a >> 15,
 * a = 2246822519 a mod 2^32, a ^= a >> 13, u is a / 2^31 - 1.
 */
export function hashedNumbers(name: string, length: number, value = (u: number) => u): Float32Array {
  const codes = [...name].reduce((sum, letter, k) => sum + (k + 1) * letter.charCodeAt(0), 0);
  const start = Math.imul(codes, 40503);
  const numbers = new Float32Array(length);
  for (let i = 0; i < length; i += 1) {
    let a = (Math.imul(i + 1, 2654435761) + start) >>> 0;
    a = Math.imul(a ^ (a >>> 15), 2246822519) >>> 0;
    numbers[i] = value(((a ^ (a >>> 13)) >>> 0) / 2 ** 31 - 1);
  }
  return numbers;
}

/** `count` images with three channels, values of [-2, 2). */
export function hashedImages(count: number, imageSize: number): Float32Array {
  return hashedNumbers('images', count * imageSize * imageSize * 3, (u) => 2 * u);
}

/**
 * A state dict for every tensor of the model: weights u √(6 / fan-in), variances 1 + u / 2, scales of batch norms
 * 1 + u / 5, other vectors u / 5.
 */
export function hashedStateDict(model: Classifier): StateDict {
  return new Map(
    [...stateOf(model)].map(([name, variable]) => {
      const shape = torchShape(variable.shape);
      const value = valueRule(name, shape);
      return [name, { shape, dtype: 'float32', data: hashedNumbers(name, variable.size, value) }];
    }),
  );
}

function valueRule(name: string, shape: readonly number[]): (u: number) => number {
  if (name.endsWith('running_var')) return (u) => 1 + u / 2;
  if (shape.length > 1) {
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, size) => product * size, 1));
    return (u) => u * bound;
  }
  return name.endsWith('.weight') ? (u) => 1 + u * 0.2 : (u) => u * 0.2;
}
