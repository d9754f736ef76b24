/**
 * Arithmetic on four float32 at a time (v128) or one (f32), so that a loop is written once: over vectors for the
 * channels up to a multiple of four, over numbers for the rest.
 */

@inline
export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b);
  return (a + b) as T;
}

@inline
export function sub<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b);
  return (a - b) as T;
}

@inline
export function mul<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b);
  return (a * b) as T;
}

@inline
export function splat<T>(value: f32): T {
  if (isVector<T>()) return f32x4.splat(value);
  return value as T;
}
