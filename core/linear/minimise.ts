/**
 * Minimises a smooth function within a box by L-BFGS directions, projected onto the box: variables that sit at a bound
 * and whose gradient pushes outwards are held, the others move along the two-loop direction, with backtracking.
 * @see Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4; Bertsekas, "Projected Newton methods", 1982
 */

/** The value at x; writes its gradient. Infinite or NaN where x is not allowed. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
}

const memory = 8;
/** Sufficient decrease of the line search. */
const armijo = 1e-4;

export function minimise(
  objective: Objective,
  start: Float64Array,
  bounds: { readonly lower: Float64Array; readonly upper: Float64Array },
  limits: { readonly iterations: number; readonly tolerance?: number },
): Minimum {
  const n = start.length;
  let x = clamp(Float64Array.from(start), bounds);
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  const pairs: Pair[] = [];
  for (let iteration = 0; iteration < limits.iterations; iteration++) {
    const free = freeVariables(x, gradient, bounds);
    let direction = descent(gradient, pairs, free);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      direction = gradient.map((g, i) => (free[i] === 1 ? -g : 0));
      slope = dot(direction, gradient);
    }
    if (!(slope < -(limits.tolerance ?? 1e-10))) break;
    const first = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(direction, direction))) : 1;
    const step = lineSearch(objective, { x, value, gradient, direction, bounds, first });
    if (step === null) {
      if (pairs.length === 0) break;
      pairs.length = 0;
      continue;
    }
    remember(pairs, { moved: subtract(step.x, x), turned: subtract(step.gradient, gradient) });
    const gain = value - step.value;
    ({ x, value, gradient } = step);
    if (gain <= 1e-12 * (1 + Math.abs(value))) break;
  }
  return { x, value };
}

interface Pair {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
}

function remember(pairs: Pair[], pair: Pair): void {
  if (dot(pair.moved, pair.turned) <= 1e-12 * dot(pair.turned, pair.turned)) return;
  pairs.push(pair);
  if (pairs.length > memory) pairs.shift();
}

/** The two-loop recursion over the free variables. */
function descent(gradient: Float64Array, pairs: readonly Pair[], free: Uint8Array): Float64Array {
  const q = gradient.map((g, i) => (free[i] === 1 ? -g : 0));
  const factors: number[] = [];
  for (const { moved, turned } of pairs.toReversed()) {
    const factor = maskedDot(moved, q, free) / dot(moved, turned);
    factors.push(factor);
    for (let i = 0; i < q.length; i++) q[i]! -= factor * turned[i]!;
  }
  const last = pairs.at(-1);
  const scale = last === undefined ? 1 : dot(last.moved, last.turned) / dot(last.turned, last.turned);
  for (let i = 0; i < q.length; i++) q[i] = free[i] === 1 ? q[i]! * scale : 0;
  for (const { moved, turned } of pairs) {
    const factor = factors.pop()! - maskedDot(turned, q, free) / dot(moved, turned);
    for (let i = 0; i < q.length; i++) q[i]! += factor * moved[i]!;
  }
  return q.map((value, i) => (free[i] === 1 ? value : 0));
}

interface Line {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly direction: Float64Array;
  readonly bounds: { readonly lower: Float64Array; readonly upper: Float64Array };
  readonly first: number;
}

/** Halves the step until the function falls enough; null where it does not. */
function lineSearch(objective: Objective, { x, value, gradient: gradientHere, direction, bounds, first }: Line) {
  const gradient = new Float64Array(x.length);
  for (let size = first, tries = 0; tries < 25; tries++, size /= 2) {
    const next = clamp(
      x.map((at, i) => at + size * direction[i]!),
      bounds,
    );
    const nextValue = objective(next, gradient);
    // The slope along what the bounds leave of the step.
    const fall = dot(gradientHere, subtract(next, x));
    if (fall < 0 && nextValue <= value + armijo * fall) return { x: next, value: nextValue, gradient };
  }
  return null;
}

function freeVariables(
  x: Float64Array,
  gradient: Float64Array,
  { lower, upper }: { readonly lower: Float64Array; readonly upper: Float64Array },
): Uint8Array {
  return Uint8Array.from(x, (at, i) =>
    (at <= lower[i]! && gradient[i]! > 0) || (at >= upper[i]! && gradient[i]! < 0) ? 0 : 1,
  );
}

function clamp(
  x: Float64Array,
  { lower, upper }: { readonly lower: Float64Array; readonly upper: Float64Array },
): Float64Array {
  for (let i = 0; i < x.length; i++) x[i] = Math.min(upper[i]!, Math.max(lower[i]!, x[i]!));
  return x;
}

function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function maskedDot(a: Float64Array, b: Float64Array, mask: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (mask[i] === 1) sum += a[i]! * b[i]!;
  return sum;
}
