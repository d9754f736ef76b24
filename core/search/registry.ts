import { createGridStrategy } from './grid.ts';
import { suggestRandom } from './random.ts';
import type { Strategy } from './strategy.ts';

/** Search methods of this version. */
export const searchMethods = ['grid', 'random'] as const;
export type SearchMethod = (typeof searchMethods)[number];

/** The strategy of a method. `complete`: all of the grid is wanted, in its own order. */
export function createStrategy(method: SearchMethod, options: { readonly complete: boolean }): Strategy {
  return method === 'grid' ? createGridStrategy({ shuffled: !options.complete }) : suggestRandom;
}
