import type { Random } from '../../random.ts';
import type { Space } from '../../space/space.ts';
import { createAxisKernel } from './axis-kernel.ts';
import type { PointGroup } from './split.ts';

/** A density over a space, estimated from points of it. */
export interface ParzenEstimate {
  /** ln of the density; finite on all of the space. */
  logDensity(unit: ArrayLike<number>): number;
  /** Unit coordinates drawn from the density, within half a step of the space's ends. */
  draw(random: Random): Float64Array;
}

/**
 * A mixture of kernels, one around each point and with it one that is even over the space: what nobody has tried stays
 * possible. A kernel is a product over the axes, so that the mixture knows which values go together (one estimate per
 * axis would not).
 * @see Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, section 4
 * @see Falkner et al., "BOHB", 2018, section 3.2
 */
export function createParzenEstimate({ axes }: Pick<Space, 'axes'>, { columns, weights }: PointGroup): ParzenEstimate {
  const kernels = axes.map((axis, index) => createAxisKernel(axis, columns[index]!, axes.length));
  const shares = sharesOf(weights);
  const heights = shares.map((share, i) => kernels.reduce((height, { heights }) => height * heights[i]!, share));
  const evenShare = 1 / (weights.length + 1);
  const evenHeight = kernels.reduce((height, kernel) => height * kernel.evenHeight, evenShare);
  const distances = new Float64Array(weights.length);
  return {
    logDensity: (unit) => {
      distances.fill(0);
      for (const [index, kernel] of kernels.entries()) kernel.addDistances(unit[index]!, distances);
      let density = evenHeight;
      for (let i = 0; i < distances.length; i++) density += heights[i]! * Math.exp(-0.5 * distances[i]!);
      return Math.log(density);
    },
    draw: (random) => {
      const chosen = pick(shares, random.uniform());
      return Float64Array.from(kernels, (kernel) =>
        chosen === null ? kernel.drawEven(random) : kernel.draw(chosen, random),
      );
    },
  };
}

/** Of the mixture; the even kernel has what an average point has. */
function sharesOf(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const all = weights.length / (weights.length + 1);
  return weights.map((weight) => (all * weight) / sum);
}

/** The index whose share holds `at`; null behind the last. */
function pick(shares: Float64Array, at: number): number | null {
  let left = at;
  for (let i = 0; i < shares.length; i++) {
    if (left < shares[i]!) return i;
    left -= shares[i]!;
  }
  return null;
}
