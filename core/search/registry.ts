import { specLimits } from '../spec/limits.ts';
import { suggestByGaussianProcess } from './gp/strategy.ts';
import { withTransfer } from './gp/transfer.ts';
import { createGridStrategy } from './grid.ts';
import { suggestRandom } from './random.ts';
import { suggestSobol } from './sobol.ts';
import type { Strategy } from './strategy.ts';
import { suggestByParzenEstimator } from './tpe/strategy.ts';

interface MethodEntry {
  readonly title: string;
  /** True where results decide what is tried next; else all points are known from the start. */
  readonly isAdaptive: boolean;
  /** What says which of its points are best: their means, or a model of the surface, which sees through noise. */
  readonly recommendsBy: 'mean' | 'posterior';
  /** Points of one task that it can choose. @default specLimits.pointsPerTask */
  readonly maxPoints?: number;
  /** `complete`: all of the space is wanted, in its own order. */
  readonly create: (options: { readonly complete: boolean }) => Strategy;
}

/** Every search method: one file and one line here. */
const methods = {
  grid: {
    title: 'every cell of a grid',
    isAdaptive: false,
    recommendsBy: 'mean',
    create: ({ complete }) => createGridStrategy({ shuffled: !complete }),
  },
  random: {
    title: 'cells drawn at random',
    isAdaptive: false,
    recommendsBy: 'mean',
    create: () => suggestRandom,
  },
  sobol: { title: 'evenly spread points', isAdaptive: false, recommendsBy: 'mean', create: () => suggestSobol },
  gp: {
    title: 'Bayesian optimisation with a Gaussian process',
    isAdaptive: true,
    recommendsBy: 'posterior',
    maxPoints: specLimits.adaptivePoints,
    create: () => withTransfer(suggestByGaussianProcess),
  },
  tpe: {
    title: 'tree-structured Parzen estimator',
    isAdaptive: true,
    recommendsBy: 'mean',
    create: () => suggestByParzenEstimator,
  },
} as const satisfies Readonly<Record<string, MethodEntry>>;

export type SearchMethod = keyof typeof methods;
export const searchMethods = Object.keys(methods) as readonly SearchMethod[];

export function methodEntry(method: SearchMethod): MethodEntry {
  return methods[method];
}

export function createStrategy(method: SearchMethod, options: { readonly complete: boolean }): Strategy {
  return methods[method].create(options);
}
