import { coordinatesAt, countCells, isFeasible } from '../space/space.ts';
import { placeAt } from '../space/unit.ts';
import { suggestRandom } from './random.ts';
import { createSobolSequence, maxSobolDimensions } from './sobol-sequence.ts';
import { type SearchRequest, type Suggestion, suggestionAt, takenCells } from './strategy.ts';

/** Points of the sequence that are looked at per point wanted before chance takes over. */
const patience = 64;

/**
 * The next points of a scrambled Sobol sequence, each at its nearest cell; what violates a constraint or is taken is
 * skipped. The sequence goes on from where the points suggested so far have brought it, so that two requests cover the
 * space as evenly as one would have.
 */
export function suggestSobol(request: SearchRequest): readonly Suggestion[] {
  const { space, count, history, pending } = request;
  if (space.axes.length === 0 || space.axes.length > maxSobolDimensions) return suggestRandom(request);
  const sequence = createSobolSequence(space.axes.length, request.random.split('sobol'));
  const taken = takenCells(request);
  const found: Suggestion[] = [];
  const first = history.length + pending.length;
  for (let index = first; index < first + patience * count && found.length < count; index++) {
    if (taken.size >= countCells(space)) break;
    const point = sequence.point(index);
    const coordinates = coordinatesAt(
      space,
      space.axes.map((axis, i) => placeAt(axis, point[i]!)),
    );
    const suggestion = suggestionAt(coordinates);
    if (!isFeasible(space, coordinates) || taken.has(suggestion.cell)) continue;
    taken.add(suggestion.cell);
    found.push(suggestion);
  }
  if (found.length === count) return found;
  const rest = suggestRandom({ ...request, pending: [...pending, ...found], count: count - found.length });
  return [...found, ...rest];
}
