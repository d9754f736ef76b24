import { minimise } from '../../linear/minimise.ts';
import { type Axis, axisLength } from '../../space/axis.ts';
import { type Encoding, isCategorical, unitCoordinates } from '../../space/encoding.ts';
import { countCells, isFeasible, listCells } from '../../space/space.ts';
import { placeAt, unitOf } from '../../space/unit.ts';
import { createSobolSequence, maxSobolDimensions } from '../sobol-sequence.ts';
import { type SearchRequest, type Suggestion, suggestionAt, takenCells } from '../strategy.ts';
import type { Acquisition } from './acquisition.ts';
import { createLattice, type Lattice } from './lattice.ts';

/** A space with so few cells is looked at as a whole. */
const listedCells = 2_000;
/** Candidates spread over the space, and drawn around the best points found so far. */
const spreadCandidates = 512;
const nearCandidates = 128;
/** Draws per candidate wanted, where constraints leave little of the space. */
const patience = 32;
/** Candidates that are polished, and steps of the polishing. */
const polished = 6;
const leastPolished = 3;
const polishSteps = 30;
/** Multiplications that looking at the candidates may take, by 256: from 140 observations on there are fewer of them. */
const screeningWork = 5e6;
const leastShare = 0.15;

interface Choice {
  readonly suggestion: Suggestion;
  readonly value: number;
}

interface Candidate {
  readonly unit: Float64Array;
  readonly value: number;
}

/** The cell, not taken, where the acquisition is greatest as far as could be found; null where none was found. */
export function maximiseOverSpace(request: SearchRequest, encoding: Encoding, acquisition: Acquisition): Choice | null {
  const evaluate = (units: readonly Float64Array[]): readonly Candidate[] => {
    const points = units.map((unit) => encoding.features(unit, new Float64Array(encoding.featureCount)));
    const values = acquisition.values(points);
    return units.map((unit, i) => ({ unit, value: values[i]! }));
  };
  if (countCells(request.space) <= listedCells) return bestListed(request, evaluate);
  const lattice = createLattice(request.space);
  const share = Math.max(leastShare, Math.min(1, screeningWork / (256 * (request.history.length + 1) ** 2)));
  const screened = byValue(evaluate(candidateUnits(request, lattice, share)));
  const seeds = screened.slice(0, Math.max(leastPolished, Math.round(polished * share)));
  const refined = seeds.map(({ unit }) => {
    const top = polish(unit, request.space.axes, encoding, acquisition);
    const [near] = evaluate([lattice.snap(pullBack(unit, top, lattice))]);
    return climb(near!, request.space.axes, lattice, evaluate);
  });
  return firstFree(byValue([...refined, ...screened]), request, lattice);
}

type Evaluate = (units: readonly Float64Array[]) => readonly Candidate[];

function bestListed(request: SearchRequest, evaluate: Evaluate): Choice | null {
  const taken = takenCells(request);
  const free = listCells(request.space)
    .map(suggestionAt)
    .filter(({ cell }) => !taken.has(cell));
  const candidates = evaluate(free.map(({ params }) => unitCoordinates(request.space.axes, params)));
  const choices = candidates.map(({ value }, i) => ({ suggestion: free[i]!, value }));
  return byValue(choices)[0] ?? null;
}

function firstFree(candidates: readonly Candidate[], request: SearchRequest, lattice: Lattice): Choice | null {
  const taken = takenCells(request);
  for (const { unit, value } of candidates) {
    const coordinates = lattice.coordinates(unit);
    if (!isFeasible(request.space, coordinates)) continue;
    const suggestion = suggestionAt(coordinates);
    if (!taken.has(suggestion.cell)) return { suggestion, value };
  }
  return null;
}

function byValue<Valued extends { readonly value: number }>(candidates: readonly Valued[]): readonly Valued[] {
  return candidates.filter(({ value }) => !Number.isNaN(value)).sort((a, b) => b.value - a.value);
}

/** Unit coordinates of feasible cells to look at first. */
function candidateUnits(
  { space, history, random }: SearchRequest,
  lattice: Lattice,
  share: number,
): readonly Float64Array[] {
  const dimensions = space.axes.length;
  const draw = random.split('candidates');
  const sequence = dimensions <= maxSobolDimensions ? createSobolSequence(dimensions, draw.split('sobol')) : null;
  const spread = (index: number) => sequence?.point(index) ?? Float64Array.from(space.axes, () => draw.uniform());
  const best = [...history]
    .filter(({ value }) => value !== null)
    .sort((a, b) => b.value! - a.value!)
    .map(({ params }) => unitCoordinates(space.axes, params))
    // A landmark may have a choice, or a 0 on a logarithmic axis, that has no place in the space.
    .filter((unit) => unit.every(Number.isFinite))
    .slice(0, 4);
  const near = (index: number) => {
    const width = 10 ** -(1 + draw.integer(3));
    return best[index % best.length]!.map((at, i) =>
      isCategorical(space.axes[i]!) && draw.uniform() < 0.5 ? draw.uniform() : reflect(at + width * draw.normal()),
    );
  };
  return [
    ...feasible(spread, Math.round(spreadCandidates * share), lattice),
    ...(best.length === 0 ? [] : feasible(near, Math.round(nearCandidates * share), lattice)),
  ];
}

function feasible(draw: (index: number) => Float64Array, count: number, lattice: Lattice): readonly Float64Array[] {
  const found: Float64Array[] = [];
  for (let index = 0; index < patience * count && found.length < count; index++) {
    const unit = lattice.snap(draw(index));
    if (lattice.isFeasible(unit)) found.push(unit);
  }
  return found;
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
  return minimise(objective, start, bounds, { iterations: polishSteps, tolerance: 1e-6 }).x;
}

/** The last feasible point on the way from a feasible point to another: the feasible part of a box is convex. */
function pullBack(from: Float64Array, to: Float64Array, lattice: Lattice): Float64Array {
  const between = (share: number) => from.map((at, i) => at + share * (to[i]! - at));
  if (lattice.isFeasible(lattice.snap(between(1)))) return to;
  let [inside, outside] = [0, 1];
  for (let halving = 0; halving < 20; halving++) {
    const middle = (inside + outside) / 2;
    if (lattice.isFeasible(lattice.snap(between(middle)))) inside = middle;
    else outside = middle;
  }
  return between(inside);
}

/** Coarse axes, where rounding to the nearest value may have cost something, are tried one place further each way. */
const coarse = 200;

function climb(start: Candidate, axes: readonly Axis[], lattice: Lattice, evaluate: Evaluate): Candidate {
  let best = start;
  for (;;) {
    const from = best;
    const neighbours = axes.flatMap((axis, index) =>
      neighbourPlaces(axis, from.unit[index]!).map((place) => from.unit.with(index, unitOf(axis, place))),
    );
    const [better] = byValue(evaluate(neighbours.filter((unit) => lattice.isFeasible(unit))));
    if (better === undefined || better.value <= best.value) return best;
    best = better;
  }
}

function neighbourPlaces(axis: Axis, unit: number): readonly number[] {
  const length = axisLength(axis);
  const place = placeAt(axis, unit);
  if (isCategorical(axis)) return Array.from({ length }, (_, other) => other).filter((other) => other !== place);
  if (length > coarse) return [];
  return [place - 1, place + 1].filter((other) => other >= 0 && other < length);
}
