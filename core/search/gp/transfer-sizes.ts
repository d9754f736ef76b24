import { meanOf, sumOfSquares } from '../../stats/estimate.ts';
import type { SourceSurface } from './source-surface.ts';

/** How large the parts of a transfer posterior are. */
export interface Sizes {
  /** s: what a source's surface has to be stretched by, in the metric's unit. */
  readonly scale: number;
  /** a: variance of what no source has shown, in units of s². */
  readonly residual: number;
  /** Standard deviation of a trial, in the metric's unit. */
  readonly noise: number;
}

/** Candidates, as multiples of what the sources suggest. A few results do not tell finer ones apart. */
const scales = [1 / 8, 1 / 4, 1 / 2, 1 / Math.SQRT2, 1, Math.SQRT2, 2, 4, 8];
const noises = [1 / 3, 1, 3];
const residuals = [0.003, 0.01, 0.03, 0.1, 0.3, 1];
/** Centre and standard deviations of the priors over their logarithms. */
const usualResidual = 0.02;
const spreads = { least: 0.5, residual: 1.5, noise: 1 } as const;
/** Noise of a source below which a fit on few points is not believed, as a share of its scale. */
const leastNoise = 0.01;

/** Those with the greatest posterior density among the candidates. @param logLikelihood of the task's results */
export function chooseSizes(surfaces: readonly SourceSurface[], logLikelihood: (sizes: Sizes) => number): Sizes {
  const logScales = surfaces.map(({ scale }) => Math.log(scale));
  const usualScale = meanOf(logScales);
  const spread = Math.max(spreads.least, Math.sqrt(sumOfSquares(logScales, usualScale) / surfaces.length));
  const usualNoise = meanOf(surfaces.map(({ noise, scale }) => Math.log(Math.max(noise, leastNoise * scale))));
  let [best, greatest] = [null as Sizes | null, Number.NEGATIVE_INFINITY];
  for (const scale of scales) {
    for (const noise of noises) {
      for (const residual of residuals) {
        const sizes = { scale: scale * Math.exp(usualScale), noise: noise * Math.exp(usualNoise), residual };
        const density =
          logLikelihood(sizes) -
          0.5 * (Math.log(scale) / spread) ** 2 -
          0.5 * (Math.log(noise) / spreads.noise) ** 2 -
          0.5 * (Math.log(residual / usualResidual) / spreads.residual) ** 2;
        if (density > greatest) [best, greatest] = [sizes, density];
      }
    }
  }
  return best!;
}
