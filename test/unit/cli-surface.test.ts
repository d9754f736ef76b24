import { expect, test } from 'vitest';
import { renderSurface } from '../../cli/surface-text.ts';
import type { Belief, SurfaceAnswer, TestedPoint } from '../../core/api/surface.ts';
import type { Estimate } from '../../core/stats/estimate.ts';

const paper = { width: 80, style: (_style: unknown, text: string) => text };

const observed: Estimate = { n: 2, mean: 90, sd: 0.2, se: 0.14 };
const belief: Belief = { mean: 90, sd: 0.1 };

function tested(alpha: number, beta: number, chance: number | null): TestedPoint {
  const cell = `alpha=${alpha},beta=${beta}`;
  return { cell, params: { alpha, beta }, sources: ['grid'], inSpace: chance !== null, observed, chance, ...belief };
}

const lead = { n: 2, mean: 1.5, isPaired: true, se: 0.2, degreesOfFreedom: 8, candidates: 9, p: 0.0123, pHolm: null };

function answer(change: Partial<SurfaceAnswer> = {}): SurfaceAnswer {
  const recommended = tested(0.5, 0, 0.7);
  return {
    generatedAt: '',
    sweepId: 's',
    taskId: 't',
    ordinal: 1,
    dataset: 'mnist',
    objective: 'abkd',
    metric: 'top1',
    unit: '%',
    n: { points: 4, trials: 8, noiseSd: 0.15, degreesOfFreedom: 8 },
    plane: {
      x: 'alpha',
      y: 'beta',
      xs: [0, 0.5, 1],
      ys: [0, 1],
      fixed: {},
      mean: [
        [80, 90, 85],
        [82, 84, null],
      ],
      sd: [
        [0.1, 0.1, 0.1],
        [0.1, 0.1, null],
      ],
    },
    recommended,
    predicted: { params: recommended.params, ...belief },
    region: {
      level: 0.9,
      probability: 0.95,
      size: 2,
      extent: { alpha: [0.5, 1], beta: [0, 0] },
      cells: [
        { params: { alpha: 0.5, beta: 0 }, chance: 0.7 },
        { params: { alpha: 0.5, beta: 1 }, chance: 0.25 },
      ],
    },
    tested: [recommended, tested(0, 0, 0.1), tested(0, 1, 0.2), tested(1.5, 0, null)],
    landmarks: [
      { name: 'rkl', cell: 'alpha=0,beta=1' },
      { name: 'fkl', cell: 'alpha=1.5,beta=0' },
    ],
    lines: [],
    comparisons: [{ against: 'rkl', other: tested(0, 1, 0.2), lead, probability: 0.98 }],
    importance: null,
    notes: ['a note'],
    ...change,
  };
}

test('the map has beta upwards, a digit for each value, and marks for what is known of it', () => {
  const lines = renderSurface(answer(), paper);
  expect(lines.slice(0, 9)).toEqual([
    'mnist abkd, task 1',
    '4 points, 8 trials, one trial is ± 0.15',
    '',
    '      β',
    '      1 2R4+',
    '      0 0.9*5',
    '        0',
    '        α',
    '',
  ]);
  expect(lines[9]).toBe('0 is 80.00, 9 is 90.00 %; * take this, R reverse KL, + region, . tried');
});

test('what the map says stands under it in numbers', () => {
  const text = renderSurface(answer(), paper).join('\n');
  expect(text).toContain('Take α=0.5 β=0: 90.00 ± 0.10 % (model, ± sd), best of the tried cells');
  expect(text).toContain('The optimum lies in 2 cells with probability 95 %: α from 0.5 to 1, β = 0.');
  expect(text).toMatch(/^reverse KL +0 +1 +\+1\.50 ± 0\.20 \(2\) +0\.012 +98 %$/m);
  expect(text).toMatch(/8 degrees of\s+freedom\), corrected for the choice among 9 points/);
  expect(text).toContain('Note: a note');
  const better = renderSurface(answer({ predicted: { params: { alpha: 0.6, beta: 0 }, mean: 91, sd: 0.3 } }), paper);
  expect(better.join(' ')).toMatch(/Not tried, but expected to be better: α=0\.6 β=0, 91\.00 ± +0\.30\./);
});

test('31 values of each parameter fit into 80 columns', () => {
  const values = Array.from({ length: 31 }, (_, i) => Number((-0.5 + i / 15).toFixed(4)));
  const table = values.map(() => values.map((value) => value));
  const plane = { x: 'alpha', y: 'beta', xs: values, ys: values, fixed: {}, mean: table, sd: table };
  const lines = renderSurface(answer({ plane }), paper);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('one parameter is a column of values', () => {
  const plane = { x: 'beta', y: null, xs: [0, 1], ys: [null], fixed: {}, mean: [[90, 80]], sd: [[0.1, 0.2]] };
  const lines = renderSurface(answer({ plane, landmarks: [] }), paper);
  expect(lines.slice(3, 6)).toEqual([
    '      β      mean ± sd',
    '      0  9*  90.00 ± 0.10',
    '      1  0#  80.00 ± 0.20',
  ]);
});
