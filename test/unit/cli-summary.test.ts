import { describe, expect, test } from 'vitest';
import { differenceSentence, renderSummary } from '../../cli/summary-text.ts';
import type { PointResult, SummaryGroup } from '../../core/api/summary.ts';
import { withDefaults } from '../../core/catalog/objectives.ts';
import type { ObjectiveKind } from '../../core/objective.ts';
import type { Estimate } from '../../core/stats/estimate.ts';
import type { Lead } from '../../core/stats/lead.ts';
import type { TaskDefinition } from '../../core/task.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';

const paper = { width: 80, style: (_style: unknown, text: string) => text };

describe('summary', () => {
  test('baselines of the same setting stand under the searched objective, with the lead of the best point', () => {
    const lines = render([searched(), baseline('kd', 88), baseline('ce', 85)]);
    expect(lines.filter((line) => line.startsWith('mnist:'))).toEqual(['mnist: cnn-m → cnn-s, abkd raw']);
    expect(lineOf(lines, 'best')).toMatch(/0\.5 +0\.25 +91\.00 ± 0\.20 \(3\) +90\.00 ± 0\.20 \(3\)$/);
    expect(lineOf(lines, 'forward KL')).toMatch(/1 +0 +90\.00 ± 0\.20 \(3\) .*\+1\.00 ± 0\.10$/);
    // Independent errors: sqrt(0.2^2 + 0.2^2).
    expect(lineOf(lines, 'kd')).toMatch(/– +– +88\.00 .*\+3\.00 ± 0\.28$/);
    expect(lineOf(lines, 'ce')).toMatch(/\+6\.00 ± 0\.28$/);
  });

  test.each([
    ['another setting', { comparisonKey: 'other' }],
    ['another teacher', { teacherSha256: 'b'.repeat(64) }],
  ])('baselines of %s are blocks of their own', (_, change) => {
    const lines = render([searched(), { ...baseline('kd', 88), ...change }]);
    expect(lines.filter((line) => line.startsWith('mnist:'))).toEqual([
      'mnist: cnn-m → cnn-s, abkd raw',
      'mnist: cnn-m → cnn-s, kd',
    ]);
  });

  test('a landmark that is the best point says so and has no lead over itself', () => {
    const best = point(91, { alpha: 1, beta: 0 });
    const lines = render([
      { ...searched(), best, landmarks: [{ name: 'fkl', result: best, gap: estimate(0, 0), lead: null }] },
    ]);
    expect(lineOf(lines, 'forward KL')).toMatch(/^forward KL \(the best\) .*\(3\)$/);
  });

  test('of confirmed points the value in the search stands beside the fresh one, and a sentence says which is which', () => {
    const best = { ...point(90.5, { alpha: 1, beta: 0 }), search: estimate(91.5, 0.1) };
    const lines = render([{ ...searched(), best }]);
    expect(lineOf(lines, 'best')).toMatch(/90\.50 ± 0\.20 \(3\) +89\.50 ± 0\.20 \(3\) +91\.50 ± 0\.10 \(3\)$/);
    expect(lines.join(' ')).toMatch(/val in search/);
    expect(lines.join(' ')).toMatch(/over fresh seeds, which +had no part in their choice/);
    expect(render([searched()]).join(' ')).not.toMatch(/in search/);
  });

  test('selected on test there is one column of values, not the same one twice', () => {
    const group = searched();
    const lines = render([{ ...group, definition: { ...group.definition, selectOn: 'test' } }]);
    expect(lines.join('\n').match(/± se \(n\)/g)).toHaveLength(1);
  });

  test('only the asked objective is shown, its baselines beside it', () => {
    const groups = [searched(), baseline('kd', 88)];
    expect(render(groups, 'kd').filter((line) => line.startsWith('mnist:'))).toEqual(['mnist: cnn-m → cnn-s, kd']);
    expect(lineOf(render(groups, 'abkd'), 'kd')).toMatch(/88\.00/);
  });

  test('leads are told with p over all groups, and what a model of the surface adds', () => {
    const best = point(91, { alpha: 0.5, beta: 0.25 });
    const { cell, params, sources, inSpace, selection: observed } = best;
    const recommended = { cell, params, sources, inSpace, observed, mean: 90.9, sd: 0.12, chance: 0.63 };
    const region = { level: 0.9, probability: 0.94, size: 3, extent: { alpha: [0.4, 0.5], beta: [0.2, 0.3] } } as const;
    const text = render([{ ...searched(), best, surface: { trials: 75, recommended, region } }])
      .join('\n')
      .replace(/\n {2}/g, ' ');
    expect(text).toContain(
      'The best leads forward KL by +1.00 ± 0.10 (p = 8e-4); one-sided, corrected for the choice among 25 points and over all groups (Holm).',
    );
    expect(text).toContain(
      'By a model of the surface take α=0.5 β=0.25: 90.90 ± 0.12, best of the tried cells with probability 63 %; the optimum lies within 3 cells with 94 %.',
    );
  });

  test('a group without a success says so instead of an empty table', () => {
    expect(render([{ ...searched(), best: null, landmarks: [] }]).join('\n')).toContain('No trial has succeeded yet');
  });

  test('notes of a baseline are told beside those of the group, each once', () => {
    const noted = { ...searched(), notes: ['made up'] };
    const lines = render([noted, { ...baseline('kd', 88), notes: ['made up', '1 trial failed'] }]);
    expect(lines.filter((line) => line.startsWith('Note: '))).toEqual(['Note: made up', 'Note: kd: 1 trial failed']);
  });

  test('no line is wider than the terminal', () => {
    const notes = ['two backends are mixed in this group, and this sentence goes on for quite a while after that'];
    expect(Math.max(...render([{ ...searched(), notes }]).map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('whether differences are real', () => {
  const sentence = (p: number, trials: Partial<TrialCounts> = {}) =>
    differenceSentence({ ...searched(), trials: counts(trials), anova: { f: 7.512, dfBetween: 24, dfWithin: 50, p } });

  test('the words follow p, with F and both degrees of freedom', () => {
    expect(sentence(0.0004)).toBe(
      'The differences between points are real (one-way ANOVA: F(24, 50) = 7.51, p = 4e-4).',
    );
    expect(sentence(0.03)).toContain('probably real');
    expect(sentence(0.3)).toContain('may be chance');
  });

  test('a sweep that still runs is judged so far', () => {
    expect(sentence(0.0004, { QUEUED: 3 })).toContain('are real so far');
  });

  test('too few seeds are said to be too few', () => {
    expect(differenceSentence({ ...searched(), anova: null })).toContain('two points with two seeds');
  });
});

function render(groups: readonly SummaryGroup[], objective?: string): readonly string[] {
  return renderSummary({ generatedAt: '2026-01-01T00:00:00.000Z', groups }, paper, objective);
}

function lineOf(lines: readonly string[], title: string): string {
  return lines.find((line) => line.startsWith(`${title} `)) ?? `no line "${title}" in:\n${lines.join('\n')}`;
}

function estimate(mean: number, se: number): Estimate {
  return { n: 3, mean, sd: se * Math.sqrt(3), se };
}

function lead(mean: number, p: number): Lead {
  return { n: 3, mean, isPaired: true, se: 0.1, degreesOfFreedom: 48, candidates: 25, p, pHolm: 2 * p };
}

function point(mean: number, params: Readonly<Record<string, number>>): PointResult {
  return {
    cell: JSON.stringify(params),
    params,
    sources: ['grid'],
    inSpace: true,
    selection: estimate(mean, 0.2),
    test: estimate(mean - 1, 0.2),
    search: null,
    failed: 0,
    pending: 0,
    scaleFactor: null,
  };
}

function counts(some: Partial<TrialCounts>): TrialCounts {
  const none = { QUEUED: 0, RUNNING: 0, WAITING: 0, FAILED: 0, PRUNED: 0, CANCELLED: 0 };
  return { ...none, SUCCEEDED: 75, ...some };
}

function searched(): SummaryGroup {
  return {
    ...group('abkd'),
    best: point(91, { alpha: 0.5, beta: 0.25 }),
    runnersUp: [point(90.5, { alpha: 0.5, beta: 0.5 })],
    points: 25,
    landmarks: [
      { name: 'fkl', result: point(90, { alpha: 1, beta: 0 }), gap: estimate(1, 0.1), lead: lead(1, 0.0004) },
      { name: 'rkl', result: null, gap: null, lead: null },
    ],
    anova: { f: 7.512, dfBetween: 24, dfWithin: 50, p: 3e-9 },
  };
}

function baseline(kind: 'kd' | 'ce', mean: number): SummaryGroup {
  return { ...group(kind), best: point(mean, {}), points: 1 };
}

function group(kind: ObjectiveKind): SummaryGroup {
  return {
    dataset: 'mnist',
    protocol: 'classification',
    metric: 'top1',
    unit: '%',
    teacher: 'cnn-m',
    student: 'cnn-s',
    objective: kind,
    definition: definition(kind),
    fingerprint: kind,
    comparisonKey: 'same',
    sweeps: ['s'],
    trials: counts({}),
    teacherSha256: 'a'.repeat(64),
    teacherTest: 95,
    best: null,
    runnersUp: [],
    points: 1,
    landmarks: [],
    alphaLine: null,
    surface: null,
    published: null,
    anova: null,
    backends: ['wasm'],
    kernelIds: ['k'],
    notes: [],
  };
}

function definition(kind: ObjectiveKind): TaskDefinition {
  return {
    dataset: 'mnist',
    protocol: 'classification',
    teacher: null,
    student: { model: 'cnn-s', weights: null },
    objective: withDefaults({ kind, ...(kind === 'ce' ? {} : { weight: 16 }) }),
    metric: 'top1',
    selectOn: 'val',
    checkpoint: 'last',
    training: {
      epochs: 1,
      batchSize: 32,
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      schedule: 'constant',
      lrWarmupEpochs: 0,
      augment: 'none',
      augmentDraw: 'replicate',
      dropLast: false,
      teacherOutputs: 'auto',
      imageSize: 28,
      limitTrain: null,
      limitVal: null,
      limitTest: null,
    },
    run: { kind: 'tfjs' },
    splitSeed: 1,
  };
}
