import { add, mul, splat, sub } from './lanes';

/** dx = dy where y > 0 or is no number, else 0; `length` float32 each. */
export function reluGradient(dy: usize, y: usize, dx: usize, length: i32): void {
  let at: usize = 0;
  const end = <usize>length << 2;
  const zero = f32x4.splat(0);
  for (; at < (end & ~15); at += 16) {
    v128.store(dx + at, v128.andnot(v128.load(dy + at), f32x4.le(v128.load(y + at), zero)));
  }
  for (; at < end; at += 4) store<f32>(dx + at, load<f32>(y + at) <= 0 ? 0 : load<f32>(dy + at));
}

/**
 * g = gradient + weightDecay parameter; velocityAfter = momentum velocity + g; moved = parameter - rate velocityAfter;
 * `length` float32 each.
 */
export function momentumStep(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  length: i32,
  rate: f32,
  momentum: f32,
  weightDecay: f32,
  moved: usize,
  velocityAfter: usize,
): void {
  let at: usize = 0;
  const end = <usize>length << 2;
  for (; at < (end & ~15); at += 16) {
    step<v128>(parameter + at, gradient + at, velocity + at, rate, momentum, weightDecay, moved + at, velocityAfter + at);
  }
  for (; at < end; at += 4) {
    step<f32>(parameter + at, gradient + at, velocity + at, rate, momentum, weightDecay, moved + at, velocityAfter + at);
  }
}

function step<T>(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  rate: f32,
  momentum: f32,
  weightDecay: f32,
  moved: usize,
  velocityAfter: usize,
): void {
  const w = load<T>(parameter);
  const g = add<T>(load<T>(gradient), mul<T>(w, splat<T>(weightDecay)));
  const v = add<T>(mul<T>(load<T>(velocity), splat<T>(momentum)), g);
  store<T>(velocityAfter, v);
  store<T>(moved, sub<T>(w, mul<T>(v, splat<T>(rate))));
}
