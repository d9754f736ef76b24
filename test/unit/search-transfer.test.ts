/** Searches that start from finished tasks. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createSourceSurfaces } from '../../core/search/gp/source-surface.ts';
import { consult } from '../../core/search/gp/transfer.ts';
import { createTransferAcquisition } from '../../core/search/gp/transfer-acquisition.ts';
import { createTransferPosterior } from '../../core/search/gp/transfer-posterior.ts';
import { createSearchPlan } from '../../core/search/plan.ts';
import { createStrategy } from '../../core/search/registry.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { type Observation, suggestionAt } from '../../core/search/strategy.ts';
import {
  type SourcePoint,
  sourcePoints,
  type TransferSource,
  transferLimits,
  usableSources,
} from '../../core/search/transfer.ts';
import { type AbSurface, createRelatedAbSurface } from '../../core/simulate/ab-surface.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createEncoding } from '../../core/space/encoding.ts';
import { createSpace, listCells } from '../../core/space/space.ts';
import { runSearch, stored } from '../support/search-run.ts';

const { axes } = createRelatedAbSurface(1, 0);
const space = createSpace(
  Object.entries(axes).map(([name, range]) => createAxis(name, range)),
  [],
);
const cells = listCells(space).map(suggestionAt);
const random = createRandom(3);

const valueAt = (surface: AbSurface, params: Readonly<Record<string, number>>) =>
  surface.trial(params, { replicate: 0, epoch: 1, epochs: 1 });

/** A finished task: 30 cells drawn at random; `sign` -1 turns its surface upside down. */
function sourceOf(surface: AbSurface, sign = 1): TransferSource {
  const drawn = [...createRandom(7).permutation(cells.length)].slice(0, 30).map((at) => cells[at]!);
  const points = drawn.map(({ params }) => ({ params, value: sign * valueAt(surface, params), count: 1 }));
  return { sweepId: 's', taskId: surface.name, dataset: 'cifar10', objective: 'abkd', points };
}

const related = [0, 1, 2].map((member) => sourceOf(createRelatedAbSurface(1, member)));
const opposite = sourceOf(createRelatedAbSurface(1, 3), -1);

/** The first so many points of a search, with what the last one and the search believed. */
function search(surface: AbSurface, sources: readonly TransferSource[], points: number): readonly Observation[] {
  const strategy = createStrategy('gp', { complete: false });
  const history: Observation[] = [];
  while (history.length < points) {
    const [next] = strategy({ space, history, pending: [], sources, random, count: 1 });
    history.push({ ...next!, value: valueAt(surface, next!.params), count: 1 });
  }
  return history;
}

const transferOf = (history: readonly Observation[]) => history.at(-1)!.trace!.transfer!;

describe('a search that starts from finished tasks', () => {
  it('begins where they have their best and soon has the best of its own', () => {
    const surface = createRelatedAbSurface(1, 5);
    const history = search(surface, related, 6);
    const regrets = history.map(({ params }) => surface.optimum - surface.value(params));
    expect(regrets[0]).toBeLessThan(0.6);
    expect(Math.min(...regrets)).toBeLessThanOrEqual(surface.tolerance);
  });

  it('gives no weight to a task whose surface is upside down, and leaves the rest to those that rank well', () => {
    const history = search(createRelatedAbSurface(1, 6), [...related, opposite], 5);
    const { state, weights } = transferOf(history);
    expect(state).toBe('ON');
    expect(weights[3]).toBe(0);
    expect(Math.max(...weights)).toBeGreaterThan(0.2);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(1);
  });

  it('goes on alone where all of them mislead', () => {
    const surface = createRelatedAbSurface(1, 6);
    const { state, weights } = transferOf(search(surface, [opposite], 9));
    expect({ state, weights }).toEqual({ state: 'MISLEADING', weights: [0] });
  });

  it('spreads points that are asked for before any result, and does not repeat one', () => {
    const batch = createStrategy('gp', { complete: false })({
      ...{ space, history: [], pending: [], sources: related, random, count: 8 },
    });
    expect(new Set(batch.map(({ cell }) => cell)).size).toBe(8);
    const alphas = batch.map(({ params }) => params.alpha!);
    expect(Math.max(...alphas) - Math.min(...alphas)).toBeGreaterThanOrEqual(0.2);
  });

  it('keeps a point that did well where the finished tasks did badly', () => {
    const [wanted] = search(createRelatedAbSurface(1, 7), related, 1);
    const far = cells.at(-1)!;
    const history = [
      { ...wanted!, value: 80 },
      { ...far, value: 90, count: 1 },
    ];
    const { trace, posterior } = consult({ sources: related, space, history, random });
    expect(trace.state).toBe('ON');
    expect(posterior!.means[1]!).toBeGreaterThan(posterior!.means[0]!);
  });

  it('needs no help once it has many results', () => {
    const history = cells.slice(0, 51).map((cell) => ({ ...cell, value: cell.params.alpha!, count: 1 }));
    expect(consult({ sources: related, space, history, random }).trace.state).toBe('OUTGROWN');
  });

  it.each([
    ['all results equal', [1, 1, 1, 1]],
    ['failed points', [null, null, 3, 2]],
    ['nothing but failed points', [null, null, null]],
    ['results of another order of magnitude', [1e9, 2e9, 1.5e9, 1e9]],
  ])('suggests a new cell after %s', (_, values) => {
    const history = values.map((value, at) => ({ ...cells[40 * at]!, value, count: value === null ? 0 : 1 }));
    const [next] = createStrategy('gp', { complete: false })({
      ...{ space, history, pending: [], sources: [...related, opposite], random, count: 1 },
    });
    expect(history.map(({ cell }) => cell)).not.toContain(next!.cell);
  });

  it('is reproduced from its record and its sources', () => {
    const surface = createRelatedAbSurface(1, 8);
    const plan = createSearchPlan({ method: 'gp', space, points: 7, sources: related });
    const { points, steps } = stored(
      runSearch(plan, { seed: 1, value: (params) => valueAt(surface, params), wanted: 2 }),
    );
    const suggestions = { made: 7, reproduced: 7 };
    expect(replaySearch(plan, points, steps)).toMatchObject({ suggestions, difference: null });
    expect(replaySearch({ ...plan, sources: [opposite] }, points, steps).reproduced).toBeLessThan(steps.length);
  });
});

it('the acquisition of a transfer has the slope of its values', () => {
  const wide = { min: 0, max: 1 };
  const plane = createSpace([createAxis('alpha', wide), createAxis('beta', wide)], []);
  const encoding = createEncoding(plane);
  const pointAt = (...unit: number[]) => encoding.features(unit, new Float64Array(2));
  const results = {
    features: [pointAt(0.2, 0.3), pointAt(0.7, 0.6), pointAt(0.9, 0.1)],
    values: Float64Array.of(90, 91, 89),
    counts: Float64Array.of(1, 2, 1),
  };
  const surfaces = createSourceSurfaces(encoding, related);
  for (const seen of [results, { ...results, features: [], values: new Float64Array(), counts: new Float64Array() }]) {
    const posterior = createTransferPosterior({ encoding, surfaces, weights: [0.4, 0.3, 0.2] }, seen);
    const acquisition = createTransferAcquisition(posterior);
    const point = pointAt(0.45, 0.4);
    const slope = new Float64Array(2);
    const value = acquisition.slope(point, slope);
    expect(value).toBeCloseTo(acquisition.values([point])[0]!, 12);
    for (const axis of [0, 1]) {
      const [less, more] = [-1e-5, 1e-5].map((step) => point.with(axis, point[axis]! + step));
      const [low, high] = acquisition.values([less!, more!]);
      expect(slope[axis]).toBeCloseTo((high! - low!) / 2e-5, 4);
    }
  }
});

describe('usableSources()', () => {
  const line = createSpace([createAxis('alpha', { min: 0, max: 1 }), createAxis('beta', { values: [0.5] })], []);
  const task = (taskId: string, paramsAt: (at: number) => SourcePoint['params']): TransferSource => ({
    ...{ sweepId: 's', taskId, dataset: 'mnist', objective: 'abkd' },
    points: Array.from({ length: 8 }, (_, at) => ({ params: paramsAt(at), value: at, count: 1 })),
  });

  it('takes points that have the axes of the space, and the value of one that is fixed, also out of range', () => {
    const wide = task('wide', (at) => ({ alpha: at, beta: 0.5 }));
    const crossing = task('crossing', (at) => ({ alpha: at / 10, beta: at < 6 ? 0.5 : 0.4 }));
    const others = [
      task('elsewhere', (at) => ({ alpha: at / 10, beta: 0.4 })),
      task('more axes', (at) => ({ alpha: at / 10, beta: 0.5, temperature: 4 })),
      task('other axes', (at) => ({ alpha: at / 10, temperature: 4 })),
    ];
    expect(usableSources(line, [...others, wide, crossing])).toEqual([
      wide,
      { ...crossing, points: crossing.points.slice(0, 6) },
    ]);
  });

  it('takes the first so many', () => {
    const many = Array.from({ length: 20 }, (_, at) => task(`${at}`, (alpha) => ({ alpha, beta: 0.5 })));
    expect(usableSources(line, many)).toEqual(many.slice(0, transferLimits.sources));
  });
});

describe('sourcePoints()', () => {
  const many = (count: number): readonly SourcePoint[] =>
    Array.from({ length: count }, (_, at) => ({ params: { alpha: at }, value: (at * 37) % count, count: 1 }));

  it('keeps the best of many points and an even part of the rest', () => {
    const kept = sourcePoints(many(1000))!;
    expect(kept).toHaveLength(transferLimits.points);
    const values = kept.map(({ value }) => value).sort((a, b) => b - a);
    expect(values.slice(0, 32)).toEqual(Array.from({ length: 32 }, (_, at) => 999 - at));
    expect(Math.min(...values)).toBeLessThan(60);
    expect(sourcePoints(many(64))).toEqual(many(64));
  });

  it('has no use for a task with few points or one value', () => {
    expect(sourcePoints(many(4))).toBeNull();
    expect(sourcePoints(many(9).map((point) => ({ ...point, value: 3 })))).toBeNull();
  });
});
