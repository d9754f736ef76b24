import { minimise } from '../../linear/minimise.ts';
import { type Axis, axisLength } from '../../space/axis.ts';
import { type Encoding, isCategorical, unitCoordinates } from '../../space/encoding.ts';
import { type Coordinates, coordinatesAt, countCells, isFeasible, listCells } from '../../space/space.ts';
import { placeAt, unitOf } from '../../space/unit.ts';
import { createSobolSequence, maxSobolDimensions } from '../sobol-sequence.ts';
import { type SearchRequest, type Suggestion, suggestionAt, takenCells } from '../strategy.ts';
import type { Acquisition } from './acquisition.ts';

/** A space with so few cells is looked at as a whole. */
const listedCells = 2_000;
/** Candidates spread over the space, and drawn around the best points found so far. */
const spreadCandidates = 512;
const nearCandidates = 128;
/** Candidates that are polished, and steps of the polishing. */
const polished = 6;
const polishSteps = 30;

interface Candidate {
  readonly suggestion: Suggestion;
  readonly unit: Float64Array;
  readonly value: number;
}

/** The cell, not taken, where the acquisition is greatest as far as could be found; null where none is left. */
export function maximiseOverSpace(
  request: SearchRequest,
  encoding: Encoding,
  acquisition: Acquisition,
): Candidate | null {
  const { space } = request;
  const taken = takenCells(request);
  const features = new Float64Array(encoding.featureCount);
  const at = (coordinates: Coordinates): Candidate | null => {
    if (!isFeasible(space, coordinates)) return null;
    const suggestion = suggestionAt(coordinates);
    if (taken.has(suggestion.cell)) return null;
    const unit = unitCoordinates(space.axes, suggestion.params);
    return { suggestion, unit, value: acquisition.value(encoding.features(unit, features)) };
  };
  if (countCells(space) <= listedCells) return bestOf(listCells(space).map(at));
  const cellAt = (unit: ArrayLike<number>) =>
    at(
      coordinatesAt(
        space,
        space.axes.map((axis, i) => placeAt(axis, unit[i]!)),
      ),
    );
  const screened = candidateUnits(request)
    .map(cellAt)
    .filter((candidate) => candidate !== null);
  const seeds = screened.sort((a, b) => b.value - a.value).slice(0, polished);
  const refined = seeds.map(({ unit }) => {
    const near = cellAt(polish(unit, space.axes, encoding, acquisition));
    return near === null ? null : climb(near, space.axes, cellAt);
  });
  return bestOf([...seeds, ...refined]);
}

function bestOf(candidates: readonly (Candidate | null)[]): Candidate | null {
  let best: Candidate | null = null;
  for (const candidate of candidates) {
    if (candidate !== null && (best === null || candidate.value > best.value)) best = candidate;
  }
  return best;
}

/** Unit coordinates to look at first. */
function candidateUnits({ space, history, random }: SearchRequest): readonly ArrayLike<number>[] {
  const dimensions = space.axes.length;
  const draw = random.split('candidates');
  const sequence = dimensions <= maxSobolDimensions ? createSobolSequence(dimensions, draw.split('sobol')) : null;
  const spread = Array.from({ length: spreadCandidates }, (_, index) =>
    sequence === null ? Float64Array.from(space.axes, () => draw.uniform()) : sequence.point(index),
  );
  const best = [...history]
    .filter(({ value }) => value !== null)
    .sort((a, b) => b.value! - a.value!)
    .slice(0, 4)
    .map(({ params }) => unitCoordinates(space.axes, params));
  const near = Array.from({ length: best.length === 0 ? 0 : nearCandidates }, (_, k) => {
    const width = 10 ** -(1 + draw.integer(3));
    return best[k % best.length]!.map((at, i) =>
      isCategorical(space.axes[i]!) && draw.uniform() < 0.5 ? draw.uniform() : reflect(at + width * draw.normal()),
    );
  });
  return [...spread, ...near];
}

/** Back into [0, 1] as a mirror at its ends would. */
function reflect(unit: number): number {
  const folded = Math.abs(unit) % 2;
  return folded > 1 ? 2 - folded : folded;
}

/** Follows the slope from a candidate over all axes but those of choices. */
function polish(
  start: Float64Array,
  axes: readonly Axis[],
  encoding: Encoding,
  acquisition: Acquisition,
): Float64Array {
  const features = new Float64Array(encoding.featureCount);
  const byFeature = new Float64Array(encoding.featureCount);
  const objective = (unit: Float64Array, gradient: Float64Array) => {
    const value = acquisition.slope(encoding.features(unit, features), byFeature);
    encoding.chain(byFeature, gradient.fill(0));
    for (let i = 0; i < gradient.length; i++) gradient[i] = -gradient[i]!;
    return -value;
  };
  const bounds = {
    lower: start.map((at, i) => (isCategorical(axes[i]!) ? at : 0)),
    upper: start.map((at, i) => (isCategorical(axes[i]!) ? at : 1)),
  };
  return minimise(objective, start, bounds, { iterations: polishSteps, tolerance: 1e-9 }).x;
}

/** Coarse axes, where rounding to the nearest value may have cost something, are tried one place further each way. */
const coarse = 200;

function climb(
  start: Candidate,
  axes: readonly Axis[],
  cellAt: (unit: ArrayLike<number>) => Candidate | null,
): Candidate {
  let best = start;
  for (let improved = true; improved; ) {
    improved = false;
    for (const [index, axis] of axes.entries()) {
      for (const place of neighbours(axis, best.unit[index]!)) {
        const unit = Float64Array.from(best.unit);
        unit[index] = unitOf(axis, place);
        const neighbour = cellAt(unit);
        if (neighbour !== null && neighbour.value > best.value) {
          best = neighbour;
          improved = true;
        }
      }
    }
  }
  return best;
}

function neighbours(axis: Axis, unit: number): readonly number[] {
  const length = axisLength(axis);
  const place = placeAt(axis, unit);
  if (isCategorical(axis)) return Array.from({ length }, (_, other) => other).filter((other) => other !== place);
  if (length > coarse) return [];
  return [place - 1, place + 1].filter((other) => other >= 0 && other < length);
}
