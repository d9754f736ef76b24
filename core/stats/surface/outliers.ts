import { meanOf } from '../estimate.ts';
import type { SurfacePoint } from './model.ts';

/**
 * Points that lie far below all others (a student that learnt nothing) say that their place is bad, and would make the
 * model see a cliff where nothing else is: they are raised to three interquartile ranges below the lower quartile.
 */
export function raiseOutliers(points: readonly SurfacePoint[]): {
  readonly points: readonly SurfacePoint[];
  /** How many were raised. */
  readonly raised: number;
} {
  const means = points.map(pointMean);
  const sorted = [...means].sort((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor(sorted.length / 4)]!, sorted[Math.floor((3 * sorted.length) / 4)]!];
  const floor = lower - 3 * (upper - lower);
  const isOut = (mean: number) => upper > lower && mean < floor;
  return {
    raised: means.filter(isOut).length,
    points: points.map((point, i) => {
      const lift = floor - means[i]!;
      if (!isOut(means[i]!)) return point;
      return {
        ...point,
        selectionBySeed: new Map([...point.selectionBySeed].map(([at, value]) => [at, value + lift])),
      };
    }),
  };
}

function pointMean({ selectionBySeed }: SurfacePoint): number {
  return meanOf([...selectionBySeed.values()]);
}
