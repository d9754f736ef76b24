/**
 * Weight files keep PyTorch's order of axes, tfjs computes with its own. Both are three axes of which one is the other
 * reversed: convolutions `[out][in][position]` and `[position][in][out]`, linear layers `[out][in]` and `[in][out]`.
 */

export interface Values {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** The shape that a file has for a tensor of this shape here. */
export function torchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : shape;
}

/** The values as a file has them. */
export function toTorchLayout({ shape, data }: Values): Values {
  const [out, inputs, ...window] = torchShape(shape);
  const positions = product(window);
  return { shape: torchShape(shape), data: reverseAxes(data, positions, inputs ?? 1, out ?? 1) };
}

/** The values of a file as they are here. */
export function fromTorchLayout({ shape, data }: Values): Float32Array {
  const [out, inputs, ...window] = shape;
  return reverseAxes(data, out ?? 1, inputs ?? 1, product(window));
}

/** `[a][b][c]` as `[c][b][a]`. */
function reverseAxes(from: Float32Array, a: number, b: number, c: number): Float32Array {
  const to = new Float32Array(from.length);
  let at = 0;
  for (let i = 0; i < a; i += 1) {
    for (let j = 0; j < b; j += 1) {
      for (let k = 0; k < c; k += 1) {
        to[(k * b + j) * a + i] = from[at]!;
        at += 1;
      }
    }
  }
  return to;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
