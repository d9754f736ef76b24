import type { Random } from '../../random.ts';
import { type Axis, axisLength } from '../../space/axis.ts';
import { isCategorical } from '../../space/encoding.ts';
import { normalCdf, normalQuantile } from '../../stats/normal.ts';

/**
 * Along one axis, a small density around each of some centres. That of centre i at `unit` is
 * `heights[i] * exp(-distance / 2)`, so that those of several axes multiply by adding their distances.
 */
export interface AxisKernel {
  /** One per centre. */
  readonly heights: Float64Array;
  /** Adds the distance from `unit` to every centre. */
  addDistances(unit: number, distances: Float64Array): void;
  /** A unit coordinate of the density around one centre. */
  draw(centre: number, random: Random): number;
  /** Density of the even distribution over the axis, and a unit coordinate of it. */
  readonly evenHeight: number;
  drawEven(random: Random): number;
}

/**
 * @param centres unit coordinates, each on the axis
 * @param dimensions of the space: the more there are, the fewer centres are near a point, and the wider each must be
 */
export function createAxisKernel(axis: Axis, centres: Float64Array, dimensions: number): AxisKernel {
  if (isCategorical(axis)) return createChoiceKernel(axisLength(axis), centres);
  return createNormalKernel(axisLength(axis), centres, dimensions);
}

/** The least width: below a thousandth of an axis a search only polishes. On a coarse axis half of a step. */
const leastWidth = 1e-3;
/** So many widths away from an end of the axis a normal counts as whole: 3e-5 of it are missing. */
const wholeBeyond = 4;

/**
 * Normals cut off at the ends of the axis. Cells stand for what is nearest to them, so the axis reaches half a step
 * beyond its outermost ones.
 */
function createNormalKernel(length: number, centres: Float64Array, dimensions: number): AxisKernel {
  const halfStep = length > 1 ? 0.5 / (length - 1) : 0.5;
  const [lower, upper] = [-halfStep, 1 + halfStep];
  const width = Math.max(leastWidth, halfStep, widthFor(centres, dimensions));
  const below = (centre: number) => (centre - lower > wholeBeyond * width ? 0 : normalCdf((lower - centre) / width));
  const above = (centre: number) => (upper - centre > wholeBeyond * width ? 0 : normalCdf((centre - upper) / width));
  return {
    heights: centres.map((centre) => 1 / (width * Math.sqrt(2 * Math.PI) * (1 - below(centre) - above(centre)))),
    addDistances: (unit, distances) => {
      for (let i = 0; i < centres.length; i++) {
        const z = (unit - centres[i]!) / width;
        distances[i]! += z * z;
      }
    },
    draw: (index, random) => {
      const centre = centres[index]!;
      const [from, to] = [normalCdf((lower - centre) / width), normalCdf((upper - centre) / width)];
      // 0 and 1 have no quantile.
      const share = Math.min(1 - 1e-12, Math.max(1e-12, from + random.uniform() * (to - from)));
      return centre + width * normalQuantile(share);
    },
    evenHeight: 1 / (upper - lower),
    drawEven: (random) => lower + random.uniform() * (upper - lower),
  };
}

/**
 * Scott's rule: the standard deviation of the centres times n^(-1/(d+4)). So the better points narrow the search as they
 * come together. The even distribution over the axis, of variance 1/12, counts as one centre more: a few centres that
 * happen to agree are no reason to look at nothing else.
 * @see Scott, "Multivariate density estimation", 1992, section 6.3.1
 */
function widthFor(centres: Float64Array, dimensions: number): number {
  const n = centres.length;
  if (n === 0) return 1;
  const mean = centres.reduce((sum, centre) => sum + centre, 0) / n;
  const squares = centres.reduce((sum, centre) => sum + (centre - mean) ** 2, 1 / 12);
  return Math.sqrt(squares / (n + 1)) * n ** (-1 / (dimensions + 4));
}

/**
 * The centre's own choice, but for a share spread over all choices; the more centres there are, the less.
 * @see Aitchison and Aitken, "Multivariate binary discrimination by the kernel method", 1976
 */
function createChoiceKernel(choices: number, centres: Float64Array): AxisKernel {
  const placeOf = (unit: number) => Math.round(unit * (choices - 1));
  const places = Int32Array.from(centres, placeOf);
  const spread = 1 / (places.length + 1);
  const [own, other] = [1 - spread + spread / choices, spread / choices];
  const apart = -2 * Math.log(other / own);
  const drawEven = (random: Random) => random.integer(choices) / Math.max(1, choices - 1);
  return {
    heights: new Float64Array(places.length).fill(own),
    addDistances: (unit, distances) => {
      const place = placeOf(unit);
      for (let i = 0; i < places.length; i++) if (places[i] !== place) distances[i]! += apart;
    },
    draw: (index, random) => (random.uniform() < spread ? drawEven(random) : centres[index]!),
    evenHeight: 1 / choices,
    drawEven,
  };
}
