import type { SurfaceLine } from '../../api/surface.ts';
import { believe, type SurfaceModel } from './model.ts';
import { isAlphaBeta, type Plane } from './plane.ts';

/** Places along a line. */
const places = 41;

/** The lines of the plane on which the AB divergence is one of another name, or changes its form. */
const lines = [
  { name: 'alpha+beta=1', at: (t: number) => ({ alpha: t, beta: 1 - t }) },
  { name: 'beta=0', at: (t: number) => ({ alpha: t, beta: 0 }) },
  { name: 'alpha=0', at: (t: number) => ({ alpha: 0, beta: t }) },
  { name: 'alpha+beta=0', at: (t: number) => ({ alpha: t, beta: -t }) },
] as const;

/** The posterior along the lines, as far as they lie in the space; none where the plane is not that of alpha and beta. */
export function describeLines(model: SurfaceModel, plane: Plane): readonly SurfaceLine[] {
  if (!isAlphaBeta(plane)) return [];
  return lines.flatMap(({ name, at }) => {
    const within = spanOf(plane, at);
    if (within === null) return [];
    const [from, to] = within;
    const params = Array.from({ length: places }, (_, i) => round(from + ((to - from) * i) / (places - 1)))
      .map((t) => ({ ...plane.fixed, ...roundAll(at(t)) }))
      .filter(plane.isFeasible);
    if (params.length === 0) return [];
    const points = believe(model, params);
    return [{ name, points, best: points.reduce((best, point) => (point.mean > best.mean ? point : best)) }];
  });
}

/** The values of t for which the line runs through the box of the plane; null where it passes by. */
function spanOf(
  { xs, ys }: Plane,
  at: (t: number) => { alpha: number; beta: number },
): readonly [number, number] | null {
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const [origin, unit] = [at(0), at(1)];
  for (const [name, values] of [
    ['alpha', xs],
    ['beta', ys.map(Number)],
  ] as const) {
    const [least, greatest] = [Math.min(...values), Math.max(...values)];
    const slope = unit[name] - origin[name];
    if (slope === 0) {
      if (origin[name] < least || origin[name] > greatest) return null;
      continue;
    }
    const ends = [(least - origin[name]) / slope, (greatest - origin[name]) / slope];
    from = Math.max(from, Math.min(...ends));
    to = Math.min(to, Math.max(...ends));
  }
  return from <= to ? [from, to] : null;
}

function roundAll({ alpha, beta }: { readonly alpha: number; readonly beta: number }) {
  return { alpha: round(alpha), beta: round(beta) };
}

/** Twelve digits: without what doubles add to decimals. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
