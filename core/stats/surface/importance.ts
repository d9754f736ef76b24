import type { Random } from '../../random.ts';
import { meanAt } from '../../search/gp/posterior.ts';
import { createSobolSequence, maxSobolDimensions } from '../../search/sobol-sequence.ts';
import { axisLength } from '../../space/axis.ts';
import { isCategorical } from '../../space/encoding.ts';
import type { SurfaceModel } from './model.ts';

/** Points over the whole space, values of a parameter that its mean effect is taken at, draws of hyper-parameters used. */
const spread = 256;
const places = 12;
const mostDraws = 4;

/**
 * First-order Sobol index of each parameter: the variance over its values of the surface's mean over all others, as a
 * part of the surface's variance. Of the posterior mean, over the box of the space, evenly in each axis's own measure,
 * constraints aside: under them parameters depend on each other and their parts are not defined. What is missing to 1
 * is explained by parameters together. Null for more parameters than the sequence has dimensions, and a flat surface.
 * @see Sobol', "Global sensitivity indices for nonlinear mathematical models", 2001; Hutter et al., "An efficient approach
 * for assessing hyperparameter importance", ICML 2014
 */
export function firstOrderImportance(model: SurfaceModel, random: Random): Readonly<Record<string, number>> | null {
  const { encoding, posteriors } = model;
  const { axes, featureCount } = encoding;
  if (axes.length > maxSobolDimensions) return null;
  const sequence = createSobolSequence(axes.length, random);
  const base = Array.from({ length: spread }, (_, index) => sequence.point(index));
  const shown = posteriors.slice(0, mostDraws);
  const valueAt = (unit: Float64Array) => {
    const features = encoding.features(unit, new Float64Array(featureCount));
    return shown.reduce((sum, posterior) => sum + meanAt(posterior, features), 0) / shown.length;
  };
  const total = varianceOf(base.map(valueAt));
  if (total === 0) return null;
  const parts = axes.map((axis, index) => {
    const length = axisLength(axis);
    const count = isCategorical(axis) ? length : Math.min(length, places);
    const units = Array.from({ length: count }, (_, i) => (count === 1 ? 0 : i / (count - 1)));
    const effects = units.map((unit) => {
      const values = base.map((point) => valueAt(point.with(index, unit)));
      return values.reduce((sum, value) => sum + value, 0) / spread;
    });
    return [axis.name, Math.min(1, varianceOf(effects) / total)] as const;
  });
  return Object.fromEntries(parts);
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
