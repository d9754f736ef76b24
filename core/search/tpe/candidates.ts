import { unitCoordinates } from '../../space/encoding.ts';
import { coordinatesAt, countCells, isFeasible, listCells } from '../../space/space.ts';
import { placeAt, unitOf } from '../../space/unit.ts';
import { type SearchRequest, type Suggestion, suggestionAt, takenCells } from '../strategy.ts';
import type { ParzenEstimate } from './parzen.ts';

export interface Candidate {
  readonly suggestion: Suggestion;
  readonly unit: Float64Array;
}

/** A space with so few cells is looked at as a whole. */
const listedCells = 2_000;
/** Draws per candidate wanted, where constraints or points that are taken leave little of where the density is. */
const patience = 32;

/** Cells that are free and feasible, drawn from the density; fewer than `count`, or none, where they are hard to find. */
export function drawCandidates(request: SearchRequest, density: ParzenEstimate, count: number): readonly Candidate[] {
  return countCells(request.space) <= listedCells
    ? drawListed(request, density, count)
    : drawFree(request, density, count);
}

function drawListed(request: SearchRequest, density: ParzenEstimate, count: number): readonly Candidate[] {
  const { space, random } = request;
  const taken = takenCells(request);
  const free = listCells(space)
    .map(suggestionAt)
    .filter(({ cell }) => !taken.has(cell))
    .map((suggestion) => ({ suggestion, unit: unitCoordinates(space.axes, suggestion.params) }));
  if (free.length <= count) return free;
  // The least of exponential variables with these rates: a draw without replacement. Efraimidis and Spirakis, 2006.
  const turns = free.map(({ unit }) => Math.log(-Math.log(1 - random.uniform())) - density.logDensity(unit));
  const order = free.map((_, i) => i).sort((a, b) => turns[a]! - turns[b]!);
  return order.slice(0, count).map((i) => free[i]!);
}

function drawFree(request: SearchRequest, density: ParzenEstimate, count: number): readonly Candidate[] {
  const { space, random } = request;
  const taken = takenCells(request);
  const found: Candidate[] = [];
  for (let draw = 0; draw < patience * count && found.length < count; draw++) {
    const drawn = density.draw(random);
    const places = space.axes.map((axis, i) => placeAt(axis, drawn[i]!));
    const coordinates = coordinatesAt(space, places);
    if (!isFeasible(space, coordinates)) continue;
    const suggestion = suggestionAt(coordinates);
    if (taken.has(suggestion.cell)) continue;
    found.push({ suggestion, unit: Float64Array.from(space.axes, (axis, i) => unitOf(axis, places[i]!)) });
  }
  return found;
}
