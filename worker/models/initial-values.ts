import { createRandom } from '../../core/random.ts';

/** How the values of a tensor are drawn before training. */
export type InitialRule =
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number };

/** The values of each tensor of a network before training, row-major. */
export type InitialValues = (name: string, length: number, rule: InitialRule) => Float32Array;

/** Values drawn by each tensor's own rule; they depend on the seed and the name alone. */
export function drawnValues(seed: number): InitialValues {
  const random = createRandom(seed);
  return (name, length, rule) => {
    const values = new Float32Array(length);
    if (rule.kind === 'constant') return values.fill(rule.value);
    const draw = random.split(name);
    for (let i = 0; i < length; i += 1) {
      values[i] = rule.kind === 'normal' ? rule.deviation * draw.normal() : rule.bound * (2 * draw.uniform() - 1);
    }
    return values;
  };
}

/** Zeros everywhere: for a network whose values come from a file, or that is only counted. */
export const zeroValues: InitialValues = (_name, length) => new Float32Array(length);

/** He's rule: normal with variance 2 / fan. @see He et al., "Delving Deep into Rectifiers", 2015, Eq. 10 and 14 */
export function heNormal(fan: number): InitialRule {
  return { kind: 'normal', deviation: Math.sqrt(2 / fan) };
}

/** What PyTorch gives a convolution or linear layer of its own accord, weight and bias: uniform within 1 / √fanIn. */
export function torchDefault(fanIn: number): InitialRule {
  return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
}

export const zeros: InitialRule = { kind: 'constant', value: 0 };
export const ones: InitialRule = { kind: 'constant', value: 1 };
