import { listCells } from '../space/space.ts';
import { type Strategy, suggestionAt, takenCells } from './strategy.ts';

/**
 * Every cell of the space exactly once. In the order of the axes where all of the grid is wanted; in a seeded order
 * (`shuffled`) where only the first so many are, so that these spread over the whole grid.
 */
export function createGridStrategy(options: { readonly shuffled: boolean }): Strategy {
  return (request) => {
    const cells = listCells(request.space).map(suggestionAt);
    const taken = takenCells(request);
    const ordered = options.shuffled ? [...request.random.permutation(cells.length)].map((at) => cells[at]!) : cells;
    return ordered.filter(({ cell }) => !taken.has(cell)).slice(0, request.count);
  };
}
