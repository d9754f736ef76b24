import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JudgedTrial, judgePoint } from '../../core/earlystop/judged.ts';
import { movesOf } from '../../core/earlystop/moves.ts';
import { createStoppingRule, type StoppingPlan, stoppingMethods } from '../../core/earlystop/registry.ts';
import type { JudgedPoint, StopDecision } from '../../core/earlystop/rule.ts';
import { rungsBelow } from '../../core/earlystop/rungs.ts';
import { createRandom } from '../../core/random.ts';
import { expectedAtEnd } from '../../core/search/extrapolate.ts';
import { createSearchPlan } from '../../core/search/plan.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { nextStep } from '../../core/search/session.ts';
import { createAbSurface } from '../../core/simulate/ab-surface.ts';
import { type Simulation, type SimulationOptions, simulate } from '../../core/simulate/simulation.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';
import { stored } from '../support/search-run.ts';

const limits = { epochs: 27, minEpochs: 1, reduction: 3, minPoints: 3 } as const;
const planOf = (method: StoppingPlan['method']): StoppingPlan => ({ method, ...limits });

/** A grid of so many cells under `replicates` seeds, the greatest alpha best, three epochs a unit of time. */
function sweepOf(stopping: StoppingPlan, cells: number, change: Partial<SimulationOptions> = {}): Simulation {
  const axis = createAxis('alpha', { min: 1, max: cells, step: 1 });
  return simulate({
    plan: createSearchPlan({ method: 'grid', space: createSpace([axis], []) }, 2),
    stopping,
    workers: 4,
    value: ({ alpha }, { epoch, epochs }) => alpha! + epoch / epochs,
    ...change,
  });
}

const lastEpoch = ({ points }: Simulation) =>
  points.map(({ trials }) => (trials[0]!.state === 'stopped' ? trials[0]!.pauses!.rung : limits.epochs));
const countBy = (values: readonly unknown[], value: unknown) => values.filter((other) => other === value).length;

describe('rungs', () => {
  it('grow by the reduction and stay below the end', () => {
    expect(rungsBelow({ ...limits, epochs: 81, minEpochs: 3 })).toEqual([3, 9, 27]);
    expect(rungsBelow({ ...limits, epochs: 28, minEpochs: 10, reduction: 2 })).toEqual([10, 20]);
    expect(rungsBelow({ ...limits, epochs: 5, minEpochs: 5 })).toEqual([]);
  });
});

describe('successive halving', () => {
  it('lets exactly a third go on from each rung, the best ones, in whatever order trials end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 9 }), (seed, workers) => {
        const random = createRandom(seed);
        const durations = Array.from({ length: 27 }, () => 0.1 + random.uniform());
        const duration = ({ alpha }: Readonly<Record<string, number>>) => durations[alpha! - 1]!;
        const deaths = { seed, meanLife: 3, meanAbsence: 0.3 };
        const ends = lastEpoch(sweepOf(planOf('successiveHalving'), 27, { workers, duration, deaths }));
        expect([1, 3, 9, 27].map((epoch) => countBy(ends, epoch))).toEqual([18, 6, 2, 1]);
        // The later in the grid the better.
        expect(ends).toEqual(ends.toSorted((a, b) => a! - b!));
      }),
      { numRuns: 6 },
    );
  });
});

describe('asynchronous successive halving', () => {
  it('lets a point go on only while it is among the best third of those that are there', () => {
    const rule = createStoppingRule(planOf('asha'));
    const at = (ordinal: number, value: number | null, state: JudgedPoint['state'] = 'waiting'): JudgedPoint => {
      return { ordinal, state, reached: [{ epoch: 1, value, mean: value }] };
    };
    const running: JudgedPoint = { ordinal: 9, state: 'running', reached: [] };
    const decide = (points: readonly JudgedPoint[], toCome: readonly number[] = []) =>
      Object.fromEntries(rule.decide({ points, toCome }).map(({ ordinal, decision }) => [ordinal, decision]));
    expect(decide([at(0, 5), at(1, 6), running])).toEqual({ 0: 'stop', 1: 'wait' });
    expect(decide([at(0, 5), at(1, 6), at(2, 4), running], [10, 11])).toEqual({ 0: 'wait', 1: 'goOn', 2: 'stop' });
    // Equal values: the earlier point. No number: the worst.
    expect(decide([at(0, null), at(1, 6), at(2, 6)])).toEqual({ 0: 'stop', 1: 'goOn', 2: 'stop' });
    // Those that went on keep their places.
    expect(decide([at(0, 7, 'running'), at(1, 6), at(2, 5, 'ended')], [3])).toEqual({ 1: 'stop' });
    expect(decide([at(0, 7, 'running'), at(1, 6), at(2, 5, 'ended')], [3, 4, 5])).toEqual({ 1: 'wait' });
  });

  it('finds the best point while most are stopped', () => {
    const surface = createAbSurface(3);
    const axes = Object.entries(surface.axes).map(([name, range]) => createAxis(name, range));
    const plan = createSearchPlan({ method: 'random', space: createSpace(axes, []), points: 40 });
    const { points } = simulate({ plan, stopping: planOf('asha'), workers: 8, value: surface.trial });
    const succeeded = points.filter(({ trials }) => trials[0]!.state === 'succeeded');
    expect(succeeded.length).toBeLessThanOrEqual(5);
    const best = Math.max(...points.map(({ params }) => surface.value(params)));
    expect(Math.max(...succeeded.map(({ params }) => surface.value(params)))).toBeGreaterThan(best - 0.3);
  });
});

describe('the median rule', () => {
  const rule = createStoppingRule(planOf('median'));
  const at = (ordinal: number, mean: number | null, value = 50): JudgedPoint => {
    return { ordinal, state: 'waiting', reached: [{ epoch: 1, value, mean }] };
  };
  const decisionOf = (decisions: readonly StopDecision[], ordinal: number) =>
    decisions.find((decision) => decision.ordinal === ordinal)?.decision;

  it('stops what is below the median of the others, once there are enough of them', () => {
    const points = [at(0, 1), at(1, 2), at(2, 3), at(3, 1.5), at(4, null)];
    expect(rule.decide({ points, toCome: [] }).map(({ decision }) => decision)).toEqual([
      ...['stop', 'goOn', 'goOn', 'goOn', 'stop'],
    ]);
    expect(decisionOf(rule.decide({ points: points.slice(0, 3), toCome: [5] }), 0)).toBe('goOn');
  });

  it('lets all go on that are alike', () => {
    const points = [0, 1, 2, 3, 4, 5].map((ordinal) => at(ordinal, 7));
    expect(new Set(rule.decide({ points, toCome: [] }).map(({ decision }) => decision))).toEqual(new Set(['goOn']));
  });
});

describe('hyperband', () => {
  it('gives its brackets points in the proportions of the paper', () => {
    const rule = createStoppingRule({ ...planOf('hyperband'), epochs: 81 });
    const firsts = Array.from({ length: 143 }, (_, ordinal) => rule.rungsOf(ordinal)[0] ?? 81);
    expect([1, 3, 9, 27, 81].map((epoch) => countBy(firsts, epoch))).toEqual([81, 34, 15, 8, 5]);
    // Near to them at any time.
    expect([1, 3, 9, 27, 81].map((epoch) => countBy(firsts.slice(0, 48), epoch))).toEqual([27, 11, 5, 3, 2]);
  });

  it('decides each bracket by itself', () => {
    const rule = createStoppingRule({ ...planOf('hyperband'), epochs: 9 });
    const points = Array.from({ length: 22 }, (_, ordinal): JudgedPoint => {
      const [epoch] = rule.rungsOf(ordinal);
      if (epoch === undefined) return { ordinal, state: 'ended', reached: [] };
      // The points of the second bracket are all worse than those of the first.
      const value = ordinal + (epoch === 1 ? 100 : 0);
      return { ordinal, state: 'waiting', reached: [{ epoch, value, mean: value }] };
    });
    const goOn = rule.decide({ points, toCome: [] }).filter(({ decision }) => decision === 'goOn');
    const from = goOn.map(({ ordinal }) => rule.rungsOf(ordinal)[0]);
    const inBracket = (epoch: number) => points.filter(({ ordinal }) => rule.rungsOf(ordinal)[0] === epoch).length;
    expect(countBy(from, 1)).toBe(Math.floor(inBracket(1) / 3));
    expect(countBy(from, 3)).toBe(Math.floor(inBracket(3) / 3));
  });
});

describe.each(stoppingMethods)('%s', (method) => {
  it('decides about every point, whatever ends, fails or dies when, and about no landmark', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0, 0.2, 1),
        (seed, cells, failing) => {
          const random = createRandom(seed);
          const drawn = new Map<string, number>();
          const value: SimulationOptions['value'] = ({ alpha }, { replicate, epoch }) => {
            const key = `${alpha}-${replicate}-${epoch}`;
            const known = drawn.get(key) ?? random.uniform();
            drawn.set(key, known);
            return known < failing ? Number.NaN : known;
          };
          const landmark = { cell: 'alpha=0', params: { alpha: 0 }, isChosen: false, inSpace: false };
          const { points } = sweepOf(planOf(method), cells, {
            ...{ value, start: [landmark], workers: 1 + random.integer(6) },
            deaths: { seed, meanLife: 2, meanAbsence: 0.3 },
          });
          expect(points).toHaveLength(cells + 1);
          const states = points.map(({ trials }) => trials.map(({ state }) => state));
          expect(states[0]).not.toContain('stopped');
          expect(states.flat().filter((state) => state === 'open' || state === 'waiting')).toEqual([]);
          // A point is stopped as a whole, and some point always comes to its end.
          for (const ofPoint of states) if (ofPoint.includes('stopped')) expect(ofPoint).not.toContain('succeeded');
          expect(states.slice(1).some((ofPoint) => !ofPoint.includes('stopped'))).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('judgePoint()', () => {
  const at = (epoch: number, value: number | null) => ({ epoch, value, mean: value });
  const trial = (state: JudgedTrial['state'], rung: number | null, ...values: ReturnType<typeof at>[]): JudgedTrial => {
    return { state, pauses: { rung, values } };
  };

  it('is about points that pause, by the trials that do', () => {
    expect(judgePoint(0, [{ state: 'open' }, { state: 'succeeded', pauses: null }])).toBeNull();
    expect(judgePoint(4, [trial('waiting', 1, at(1, 5)), { state: 'open' }])).toMatchObject({ state: 'waiting' });
  });

  it('waits for all trials that are still to come to a rung, and for none that failed', () => {
    const [first, second] = [trial('waiting', 1, at(1, 5)), trial('waiting', 1, at(1, 7))];
    expect(judgePoint(0, [first, trial('open', 1)])).toEqual({ ordinal: 0, state: 'running', reached: [] });
    expect(judgePoint(0, [first, second])).toEqual({ ordinal: 0, state: 'waiting', reached: [at(1, 6)] });
    expect(judgePoint(0, [first, trial('failed', 1)])).toEqual({ ordinal: 0, state: 'waiting', reached: [at(1, 5)] });
    expect(judgePoint(0, [trial('failed', 1), trial('failed', 1)])).toMatchObject({ state: 'ended', reached: [] });
    expect(judgePoint(0, [first, trial('waiting', 1, at(1, null))])).toMatchObject({ reached: [at(1, null)] });
  });

  it('keeps the rungs of a point that went on', () => {
    const trials = [trial('open', 3, at(1, 5)), trial('waiting', 3, at(1, 7), at(3, 8))];
    expect(judgePoint(0, trials)).toEqual({ ordinal: 0, state: 'running', reached: [at(1, 6)] });
    const ended = [trial('succeeded', null, at(1, 5), at(3, 6)), trial('failed', 3, at(1, 7))];
    expect(judgePoint(0, ended)).toEqual({ ordinal: 0, state: 'ended', reached: [at(1, 6), at(3, 6)] });
  });
});

describe('a trial that a rerun queued again', () => {
  const at = (epoch: number, value: number) => ({ epoch, value, mean: value });
  const trial = (state: JudgedTrial['state'], rung: number | null, ...values: ReturnType<typeof at>[]): JudgedTrial => {
    return { state, pauses: { rung, values } };
  };
  const waiting = trial('waiting', 1, at(1, 5));

  it.each([
    ['waits at the next rung', trial('waiting', 3, at(1, 7), at(3, 8))],
    ['is on its way to its end', trial('open', null, at(1, 7))],
    ['has stopped at the next rung', trial('stopped', 3, at(1, 7), at(3, 8))],
  ])('goes on from where its point went on, while the rest of the point %s', (_, rest) => {
    const rule = createStoppingRule(planOf('asha'));
    const better = { ordinal: 1, trials: [trial('succeeded', null, at(1, 9), at(3, 9))] };
    expect(judgePoint(0, [waiting, rest])).toMatchObject({ state: 'waiting', reached: [at(1, 6)] });
    const moves = movesOf(rule, [{ ordinal: 0, trials: [waiting, rest] }, better], 4);
    expect(moves).toEqual([{ ordinal: 0, rung: 1, next: 3, stops: false }]);
  });

  it('keeps the rest of its point waiting while it is on its way to a rung below', () => {
    const trials = [trial('open', 1), trial('waiting', 3, at(1, 7), at(3, 8))];
    expect(judgePoint(0, trials)).toMatchObject({ state: 'running', reached: [] });
  });
});

describe('a search with early stopping', () => {
  it('sees of a point that stopped what it would have come to', () => {
    const rungs = (...values: number[]) => values.map((value, place) => ({ epoch: 3 ** place, value }));
    const end = (value: number | null, ...values: number[]) => ({ value, rungs: rungs(...values) });
    expect(expectedAtEnd([end(90, 60, 80), end(88, 56, 80), end(null, 50), end(null, 55, 70)])).toEqual([
      ...[90, 88, 50 + (30 + 32) / 2, 70 + (10 + 8) / 2],
    ]);
    // Nobody has ended yet: everything as of the last rung.
    expect(expectedAtEnd([end(null, 60, 80), end(null, 50)])).toEqual([80, 70]);
    expect(
      expectedAtEnd([
        { value: null, rungs: [] },
        { value: 7, rungs: [] },
      ]),
    ).toEqual([null, 7]);
  });

  it('is reproduced from its records, which have news of a point at most once per rung and trial', () => {
    const surface = createAbSurface(5);
    const axes = Object.entries(surface.axes).map(([name, range]) => createAxis(name, range));
    const plan = createSearchPlan({ method: 'gp', space: createSpace(axes, []), points: 14 }, 2);
    const { points, steps } = simulate({
      ...{ plan, stopping: planOf('asha'), workers: 3, value: surface.trial },
      decide: (search, seen, wanted) => nextStep(search, stored(seen), wanted),
    });
    expect(points.some(({ trials }) => trials[0]!.state === 'stopped')).toBe(true);
    const replayed = replaySearch(plan, stored(points), stored(steps));
    expect(replayed).toMatchObject({ suggestions: { made: 14, reproduced: 14 }, difference: null });
    const news = steps.flatMap(({ seen }) => seen.observed);
    const seen = news.map(({ ordinal }) => ordinal);
    for (const { ordinal } of points) expect(countBy(seen, ordinal)).toBeLessThanOrEqual(5);
    expect(news.some(({ values, rungs }) => rungs !== undefined && Object.keys(values).length === 0)).toBe(true);
  });

  it.each(stoppingMethods)(
    'concludes under %s, with further seeds and confirmation of points that came to their end',
    (method) => {
      const surface = createAbSurface(5);
      const axes = Object.entries(surface.axes).map(([name, range]) => createAxis(name, range));
      const fixed = createSearchPlan({
        method: 'gp',
        space: createSpace(axes, []),
        points: 14,
        confirm: { points: 2, seeds: 2 },
      });
      const plan = { ...fixed, replicates: { min: 1, max: 3 } };
      const { points, steps } = simulate({ plan, stopping: planOf(method), workers: 3, value: surface.trial });
      expect(steps.at(-1)).toMatchObject({ isFinished: true });
      const states = points.flatMap(({ trials }) => trials.map(({ state }) => state));
      expect(states.filter((state) => state !== 'succeeded' && state !== 'stopped')).toEqual([]);
      // More than the first seed: only where it was not stopped.
      const further = points.filter(({ trials }) => trials.length > 1);
      expect(further.length).toBeGreaterThan(0);
      expect(further.flatMap(({ trials }) => trials.filter(({ state }) => state === 'stopped'))).toEqual([]);
      expect(replaySearch(plan, points, steps)).toMatchObject({ difference: null });
    },
  );
});
