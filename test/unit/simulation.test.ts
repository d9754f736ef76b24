import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createSearchPlan } from '../../core/search/plan.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { createAbSurface } from '../../core/simulate/ab-surface.ts';
import { type Simulation, simulate } from '../../core/simulate/simulation.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';

const tenths = { min: 0, max: 0.9, step: 0.1 };
const space = createSpace([createAxis('alpha', tenths), createAxis('beta', tenths)], []);
const grid = createSearchPlan({ method: 'grid', space });
const twice = createSearchPlan({ method: 'grid', space }, 2);
const surface = createAbSurface(3);

describe('simulate()', () => {
  it('runs each of 100 cells exactly once on 32 workers, whichever of them die', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.7, 2, 10), (seed, meanLife) => {
        const random = createRandom(seed);
        const { points, events, progress } = simulate({
          ...{ plan: grid, workers: 32, value: surface.value },
          duration: () => 0.5 + random.uniform(),
          deaths: { seed, meanLife, meanAbsence: 1 },
        });
        expect(new Set(points.map(({ cell }) => cell)).size).toBe(100);
        expect(points.flatMap(({ trials }) => trials.map(({ state }) => state))).toEqual(Array(100).fill('succeeded'));
        expect(progress.length).toBe(100);
        expect(breachesOf(events)).toEqual([]);
        const ends = events.filter(({ kind }) => kind === 'end').map(({ ordinal }) => ordinal);
        expect(ends.sort((a, b) => a - b)).toEqual(points.map(({ ordinal }) => ordinal));
        if (meanLife < 2) expect(events.some(({ kind }) => kind === 'lost')).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('takes as long as the trials of the busiest worker', () => {
    const run = (workers: number) => simulate({ plan: twice, workers, value: surface.value }).makespan;
    expect([1, 8, 1000].map(run)).toEqual([200, 25, 1]);
    const options = { plan: grid, workers: 8, maxParallel: 2, value: surface.value };
    expect(simulate({ ...options, duration: () => 3 }).makespan).toBe(150);
  });

  it('is the same for the same options, and its suggestions are reproduced from their records', () => {
    const plan = createSearchPlan({ method: 'gp', space, points: 14 }, 2);
    const options = {
      ...{ plan, workers: 4, value: surface.trial, deaths: { seed: 1, meanLife: 3, meanAbsence: 1 } },
      start: [{ cell: 'alpha=1,beta=0', params: { alpha: 1, beta: 0 }, isChosen: false, inSpace: false }],
    };
    const first = simulate(options);
    expect(simulate(options)).toEqual(first);
    expect(first.points.length).toBe(15);
    expect(replaySearch(plan, first.points, first.steps)).toMatchObject({
      suggestions: { made: 14, reproduced: 14 },
      difference: null,
    });
    // What lies outside the space is tried and cannot be the best.
    expect(first.progress.every(({ best }) => best?.ordinal !== 0)).toBe(true);
  });

  it('says after each trial which point is best, and goes on where trials fail', () => {
    const value = ({ alpha }: Readonly<Record<string, number>>, { replicate }: { readonly replicate: number }) =>
      alpha! > 0.5 ? Number.NaN : alpha! < 0.2 && replicate === 1 ? null : 10 * alpha! + replicate;
    const { points, progress } = simulate({ plan: twice, workers: 1, value });
    expect(progress.at(-1)).toMatchObject({ trials: 200, best: { ordinal: 50, mean: 5.5 } });
    expect(points[99]!.trials.map(({ state }) => state)).toEqual(['failed', 'failed']);
    const means = progress.flatMap(({ best }) => best?.mean ?? []);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    // A point counts once all of its trials have ended; the first seed of every point comes first.
    expect(progress.slice(99, 101).map(({ best }) => best)).toEqual([null, { ordinal: 0, mean: 0 }]);
  });

  it('spends further seeds and confirms the best points as a coordinator would', () => {
    const replicates = { min: 1, max: 4 };
    const confirm = { points: 2, seeds: 3 };
    const plan = { ...createSearchPlan({ method: 'gp', space, points: 12, confirm }), replicates };
    const { points, steps } = simulate({ plan, workers: 3, value: surface.trial });
    const trials = points.flatMap((point) => point.trials);
    expect(trials.filter(({ purpose }) => purpose === 'SEARCH')).toHaveLength(30);
    const confirming = trials.filter(({ purpose }) => purpose === 'CONFIRM');
    expect(confirming.map(({ replicate }) => replicate).sort()).toEqual([4, 4, 5, 5, 6, 6]);
    expect(trials.every(({ state }) => state === 'succeeded')).toBe(true);
    expect(replaySearch(plan, points, steps)).toMatchObject({ difference: null });
  });

  it('starts with points that are known and suggests no more where these are all', () => {
    const start = [0.1, 0.2].map((alpha) => {
      return { cell: `alpha=${alpha},beta=0`, params: { alpha, beta: 0 }, isChosen: true, inSpace: true };
    });
    const options = { plan: grid, workers: 3, value: surface.value };
    expect(simulate({ ...options, start, isOpen: false }).points.map(({ cell }) => cell)).toEqual(
      start.map(({ cell }) => cell),
    );
    expect(simulate({ ...options, isOpen: false })).toMatchObject({ points: [], makespan: 0 });
  });
});

/** No worker runs two trials at once, no trial runs twice at once, and time never goes back. */
function breachesOf(events: Simulation['events']): readonly string[] {
  const [busy, running] = [new Set<number>(), new Set<string>()];
  return events.flatMap(({ time, kind, worker, ordinal, replicate }, at) => {
    const trial = `${ordinal}/${replicate}`;
    const isRight =
      kind === 'start' ? !busy.has(worker) && !running.has(trial) : busy.has(worker) && running.has(trial);
    for (const [set, item] of [[busy, worker] as const, [running, trial] as const]) {
      if (kind === 'start') (set as Set<unknown>).add(item);
      else (set as Set<unknown>).delete(item);
    }
    const isLater = at === 0 || events[at - 1]!.time <= time;
    return isRight && isLater ? [] : [`${kind} of ${trial} on worker ${worker} at ${time}`];
  });
}
