import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { pointsWanted } from '../../core/search/demand.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { nextStep, type SearchedPoint, type SearchPlan } from '../../core/search/session.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';

const plan: SearchPlan = {
  method: 'gp',
  space: createSpace([createAxis('alpha', { min: 0, max: 1, step: 0.1 }), createAxis('beta', { min: 0, max: 1 })], []),
  seed: 5,
  points: 9,
};

const landmark = { cell: 'alpha=1,beta=0', params: { alpha: 1, beta: 0 } };

/** As the store keeps a point. */
const stored = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/**
 * A whole search with two trials per point, of which some fail: when points are asked for and how many, and which
 * of the open trials ends next, is drawn.
 */
function runSearch(seed: number, search = plan): readonly SearchedPoint[] {
  const random = createRandom(seed);
  const open = { state: 'open', value: null } as const;
  let points: SearchedPoint[] = [{ ordinal: 0, ...landmark, isChosen: false, record: null, trials: [open, open] }];
  for (let isFinished = false; !isFinished || points.some(isOpen); ) {
    if (!isFinished && random.uniform() < 0.5) {
      const step = nextStep(search, stored(points), 1 + random.integer(3));
      const added = step.points.map(({ cell, params, record }, place) => ({
        ...{ ordinal: points.length + place, cell, params, record, isChosen: true, trials: [open, open] },
      }));
      points = stored([...points, ...added]);
      isFinished = step.isFinished;
    }
    const running = points.filter(isOpen);
    if (running.length > 0)
      points = points.with(...endTrial(running[random.integer(running.length)]!, random.uniform()));
  }
  return points;
}

const isOpen = ({ trials }: SearchedPoint) => trials.some(({ state }) => state === 'open');

function endTrial(point: SearchedPoint, chance: number): [number, SearchedPoint] {
  const { alpha, beta } = point.params;
  const value = 90 - 20 * (alpha! - 0.6) ** 2 - 20 * (beta! - 0.3) ** 2 + chance;
  const end = chance < 0.2 ? ({ state: 'failed', value: null } as const) : ({ state: 'succeeded', value } as const);
  const at = point.trials.findIndex(({ state }) => state === 'open');
  return [point.ordinal, { ...point, trials: point.trials.with(at, end) }];
}

describe('a search', () => {
  it('chooses as many distinct points as planned, and every suggestion is reproduced from its record', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const points = runSearch(seed);
        expect(new Set(points.map(({ cell }) => cell)).size).toBe(10);
        expect(replaySearch(plan, points)).toEqual({ suggestions: 9, reproduced: 9, difference: null });
        // Every point comes on its way once, and has news at most once per trial.
        const news = points.flatMap(({ record }) => (record === null ? [] : record.seen));
        expect(news.flatMap(({ pending }) => pending).length).toBeLessThanOrEqual(10);
        expect(news.flatMap(({ observed }) => observed).length).toBeLessThanOrEqual(2 * 10);
      }),
      { numRuns: 4 },
    );
  });

  it('is reproduced from its records whatever model chose the points', () => {
    const byDensities: SearchPlan = { ...plan, method: 'tpe', points: 25 };
    const points = runSearch(7, byDensities);
    expect(points.filter(({ record }) => (record?.trace ?? null) !== null).length).toBeGreaterThan(10);
    expect(replaySearch(byDensities, points)).toEqual({ suggestions: 25, reproduced: 25, difference: null });
  });

  it('is over where the space has no more cells', () => {
    const small = { ...plan, space: createSpace([createAxis('alpha', { min: 0, max: 1, step: 0.5 })], []) };
    expect(
      runSearch(1, small)
        .map(({ cell }) => cell)
        .sort(),
    ).toEqual(['alpha=0', 'alpha=0.5', 'alpha=1', 'alpha=1,beta=0']);
  });

  it('that saw something else than its record says is told from one that did not', () => {
    const points = runSearch(3);
    const last = points.findLast(({ record }) => record!.trace !== null)!;
    const changed = points.map((point) => {
      if (point !== last) return point;
      const observed = [{ ordinal: 0, value: 99, count: 2 }];
      return {
        ...point,
        record: { ...point.record!, batch: { place: 0, wanted: 1 }, seen: { observed, pending: [] } },
      };
    });
    const report = replaySearch(plan, changed);
    expect(report).toMatchObject({ suggestions: 9, difference: { ordinal: last.ordinal, version: 1 } });
    expect(report.reproduced).toBeLessThan(9);
    const otherCell = points.map((point) => (point === last ? { ...point, cell: 'alpha=0,beta=0' } : point));
    expect(replaySearch(plan, otherCell)).toMatchObject({
      reproduced: 8,
      difference: { recorded: { cell: 'alpha=0,beta=0' }, recomputed: { cell: last.cell } },
    });
  });
});

describe('pointsWanted()', () => {
  const task = (openTrials: number, slots: number, isSearching = true) => ({ openTrials, slots, isSearching });
  const sweep = { maxParallel: 64, slots: 4, replicates: 2 };

  it('occupies what may run at once, first where least is on its way', () => {
    expect(pointsWanted([task(0, 4)], sweep)).toEqual([2]);
    expect(pointsWanted([task(3, 4)], sweep)).toEqual([1]);
    expect(pointsWanted([task(4, 4)], sweep)).toEqual([0]);
    expect(pointsWanted([task(0, 4)], { ...sweep, maxParallel: 1 })).toEqual([1]);
    expect(pointsWanted([task(2, 4), task(0, 4), task(0, 4, false)], sweep)).toEqual([0, 1, 0]);
    expect(pointsWanted([task(0, 100)], { ...sweep, slots: 100 })).toEqual([16]);
  });

  it('keeps one point on its way where nobody can run it, which takes no share from the others', () => {
    expect(pointsWanted([task(0, 0), task(0, 4)], sweep)).toEqual([1, 2]);
    expect(pointsWanted([task(2, 0), task(0, 4)], sweep)).toEqual([0, 2]);
    expect(pointsWanted([task(0, 0)], { ...sweep, slots: 0 })).toEqual([1]);
  });
});
