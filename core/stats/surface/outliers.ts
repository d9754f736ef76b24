import { meanOf } from '../estimate.ts';
import { lowerFence } from '../fence.ts';
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
  const floor = lowerFence(means);
  const isOut = (mean: number) => mean < floor;
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
