/**
 * Whether regions that are said to hold the optimum with a probability do so as often: on made-up (alpha, beta) surfaces
 * whose optimum is known, after a grid and after a search, at two levels of noise.
 */
import { createRandom, type Random } from '../core/random.ts';
import { createStrategy } from '../core/search/registry.ts';
import type { Observation } from '../core/search/strategy.ts';
import { type AbSurface, createAbSurface } from '../core/simulate/ab-surface.ts';
import { createAxis } from '../core/space/axis.ts';
import { createSpace, listCells, paramsOf, type Space } from '../core/space/space.ts';
import { meanOf } from '../core/stats/estimate.ts';
import { fitSurface, type MeasuredPoint, type Params } from '../core/stats/surface/model.ts';
import { chancesOfBest, smallestRegion } from '../core/stats/surface/optimum.ts';
import type { Bench, BenchRow } from './bench.ts';

const surfaces = { quick: 10, thorough: 200 };
const levels = [0.5, 0.8, 0.9] as const;
const replicates = 2;
const searchedPoints = 30;
/** Times the noise of the family, which is 0.15 points of accuracy per trial of its own. */
const noises = [1, 2] as const;

type Design = (surface: Measured) => readonly MeasuredPoint[];

const designs: Readonly<Record<string, Design>> = { grid: measureGrid, gp: measureSearch };

/** Where the optimum is looked for: in the cells of the space, or between them as well. */
const lattices: Readonly<Record<string, (space: Space) => readonly Params[]>> = {
  cells: (space) => listCells(space).map(paramsOf),
  between: () =>
    listCells(spaceOf({ alpha: { min: 0, max: 1.2, step: 0.05 }, beta: { min: -0.2, max: 1, step: 0.05 } })).map(
      paramsOf,
    ),
};

export const calibration: Bench = {
  summary: 'how often regions of the optimum hold the true one',
  options: ['quick'],
  peers: [],
  run: async ({ quick }, say) => {
    const count = quick ? surfaces.quick : surfaces.thorough;
    const rows: BenchRow[] = [];
    for (const [design, measure] of Object.entries(designs)) {
      for (const noise of noises) {
        const tallies = createTallies();
        for (let seed = 0; seed < count; seed += 1) judge(openSurface(seed, noise), measure, tallies);
        say(`${design}, noise x ${noise}: ${count} surfaces`);
        rows.push(...tallies.map((tally) => toRow(tally, { design, noise, count })));
      }
    }
    return { rows, problems: [] };
  },
};

interface Measured {
  readonly surface: AbSurface;
  readonly space: Space;
  readonly measure: (params: Params) => MeasuredPoint;
  readonly random: Random;
}

interface Tally {
  readonly lattice: string;
  readonly level: number;
  held: number;
  claimed: number;
  size: number;
}

function createTallies(): readonly Tally[] {
  return Object.keys(lattices).flatMap((lattice) =>
    levels.map((level) => ({ lattice, level, held: 0, claimed: 0, size: 0 })),
  );
}

function toRow(
  { lattice, level, held, claimed, size }: Tally,
  { design, noise, count }: { readonly design: string; readonly noise: number; readonly count: number },
): BenchRow {
  return {
    ...{ design, noise, lattice, surfaces: count, level },
    coverage: held / count,
    claimed: claimed / count,
    size: size / count,
  };
}

function judge(measured: Measured, measure: Design, tallies: readonly Tally[]): void {
  const { surface, space, random } = measured;
  const model = fitSurface(space, measure(measured), random.split('fit'));
  for (const [name, list] of Object.entries(lattices)) {
    const cells = list(space);
    const values = cells.map(surface.value);
    const optimum = values.indexOf(Math.max(...values));
    const chances = chancesOfBest(model, cells, random.split('chances', name));
    for (const tally of tallies.filter(({ lattice }) => lattice === name)) {
      const region = smallestRegion(chances, tally.level);
      tally.held += region.includes(optimum) ? 1 : 0;
      tally.claimed += region.reduce((sum, at) => sum + chances[at]!, 0);
      tally.size += region.length;
    }
  }
}

function openSurface(seed: number, noise: number): Measured {
  const surface = createAbSurface(seed);
  const trial = (params: Params, replicate: number) => {
    const value = surface.value(params);
    return value + noise * (surface.trial(params, { replicate, epoch: 1, epochs: 1 }) - value);
  };
  const measure = (params: Params): MeasuredPoint => ({
    params,
    bySeed: new Map(Array.from({ length: replicates }, (_, replicate) => [replicate, trial(params, replicate)])),
  });
  return { surface, space: spaceOf(surface.axes), measure, random: createRandom(seed).split('calibration') };
}

function spaceOf(axes: AbSurface['axes']): Space {
  return createSpace(
    Object.entries(axes).map(([name, range]) => createAxis(name, range)),
    [],
  );
}

/** Every second value of alpha and of beta: 49 points. */
function measureGrid({ measure }: Measured): readonly MeasuredPoint[] {
  return listCells(spaceOf({ alpha: { min: 0, max: 1.2, step: 0.2 }, beta: { min: -0.2, max: 1, step: 0.2 } }))
    .map(paramsOf)
    .map(measure);
}

function measureSearch({ space, measure, random }: Measured): readonly MeasuredPoint[] {
  const strategy = createStrategy('gp', { complete: false });
  const history: Observation[] = [];
  const points: MeasuredPoint[] = [];
  while (points.length < searchedPoints) {
    const [suggestion] = strategy({ space, history, pending: [], random: random.split('search'), count: 1 });
    const point = measure(suggestion!.params);
    points.push(point);
    history.push({ ...suggestion!, value: meanOf([...point.bySeed.values()]), count: replicates });
  }
  return points;
}
