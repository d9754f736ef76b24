import { describe, expect, it } from 'vitest';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec } from '../../core/spec/parse.ts';
import { groupRows, type SummaryRow, summariseGroups } from '../../core/stats/summary.ts';
import type { TrialState } from '../../core/trial.ts';
import { goodSpec } from '../support/broken-specs.ts';

const summarise = (rows: readonly SummaryRow[]) => summariseGroups(groupRows(rows));

const { definition, fingerprint, comparisonKey } = expandSpec(checkSpec(goodSpec)).tasks[0]!;

/** A trial of the point (alpha, beta) = (ordinal / 10, 0) that succeeded, unless the change says otherwise. */
function row(
  ordinal: number,
  seed: number,
  selectionValue: number | null,
  change: Partial<SummaryRow> = {},
): SummaryRow {
  return {
    sweepId: 'sweep-1' as SweepId,
    taskId: 'task-1' as TaskId,
    dataset: 'mnist',
    protocol: 'classification',
    metric: 'top1',
    teacher: 'cnn-m',
    student: 'cnn-s',
    objective: 'abkd',
    definition,
    fingerprint,
    comparisonKey,
    pointsToCome: 0,
    ordinal,
    cell: `alpha=${ordinal / 10},beta=0`,
    params: { alpha: ordinal / 10, beta: 0 },
    sources: ['grid'],
    inSpace: true,
    scaleFactor: null,
    replicate: seed - 1,
    seed,
    purpose: 'SEARCH',
    state: 'SUCCEEDED',
    rung: null,
    selectionValue,
    testValue: selectionValue === null ? null : selectionValue - 1,
    teacherTest: 99,
    teacherSha256: 'a'.repeat(64),
    backend: 'wasm',
    kernelId: 'ab-1',
    ...change,
  };
}

const point = (ordinal: number, values: readonly number[], change: Partial<SummaryRow> = {}) =>
  values.map((value, index) => row(ordinal, index + 1, value, change));

const unfinished = (state: TrialState): Partial<SummaryRow> => ({
  state,
  backend: null,
  kernelId: null,
  teacherTest: null,
  teacherSha256: null,
});

function only(rows: readonly SummaryRow[]) {
  const groups = summarise(rows);
  expect(groups).toHaveLength(1);
  return groups[0]!;
}

describe('summarise()', () => {
  it('ranks search cells by their mean, recomputed by hand', () => {
    const group = only([...point(0, [90, 92, 94]), ...point(1, [95, 96, 97]), ...point(2, [93, 93, 93])]);
    expect(group.best).toMatchObject({
      cell: 'alpha=0.1,beta=0',
      selection: { n: 3, mean: 96, sd: 1, se: 1 / Math.sqrt(3) },
      test: { n: 3, mean: 95 },
      failed: 0,
      pending: 0,
    });
    expect(group.runnersUp.map(({ cell }) => cell)).toEqual(['alpha=0.2,beta=0', 'alpha=0,beta=0']);
    expect(group.points).toBe(3);
    expect(group.teacherTest).toBe(99);
    expect(group.unit).toBe('%');
    expect(group.trials.SUCCEEDED).toBe(9);
    // Means 92, 96, 93 around 93.667: between 3 x 8.667 = 26 over 2; within 8 + 2 + 0 = 10 over 6.
    expect(group.anova!.f).toBeCloseTo(26 / 2 / (10 / 6), 10);
    expect(group.anova).toMatchObject({ dfBetween: 2, dfWithin: 6 });
    expect(group.notes).toEqual([]);
  });

  it('gives a tie to the earlier suggestion', () => {
    expect(only([...point(3, [95, 95]), ...point(2, [94, 96])]).best!.cell).toBe('alpha=0.2,beta=0');
  });

  it('does not let a point with one lucky seed beat points with all of theirs', () => {
    const lucky = [row(1, 1, 99.9), row(1, 2, null, unfinished('RUNNING')), row(1, 3, null, unfinished('QUEUED'))];
    const group = only([...point(0, [95, 95.5, 96]), ...lucky]);
    expect(group.best!.cell).toBe('alpha=0,beta=0');
    expect(group.notes).toEqual(['2 trials still to finish', '1 point with too few seeds cannot be best']);
  });

  it('lets the points with most seeds stand in while none is complete', () => {
    const waiting = (ordinal: number, seed: number) => row(ordinal, seed, null, unfinished('QUEUED'));
    const group = only([row(0, 1, 99), waiting(0, 2), waiting(0, 3), row(1, 1, 90), row(1, 2, 91), waiting(1, 3)]);
    expect(group.best).toMatchObject({ cell: 'alpha=0.1,beta=0', pending: 1, selection: { n: 2 } });
  });

  it('does not shut out points with three seeds when one was run again under six', () => {
    const group = only([...point(0, [95, 96, 97]), ...point(1, [90, 91, 92, 90, 91, 92])]);
    expect(group.best!.cell).toBe('alpha=0,beta=0');
  });

  it('counts only successes, and says what failed', () => {
    const failed = row(0, 3, 12, { ...unfinished('FAILED') });
    const group = only([row(0, 1, 90), row(0, 2, 92), failed, row(0, 4, 55, unfinished('CANCELLED'))]);
    expect(group.best).toMatchObject({ selection: { n: 2, mean: 91 }, failed: 1 });
    expect(group.notes).toEqual(['1 trial failed', '1 trial cancelled']);
  });

  it('has no best point before the first success', () => {
    const group = only([row(0, 1, null, unfinished('QUEUED'))]);
    expect(group).toMatchObject({ best: null, runnersUp: [], anova: null, teacherTest: null, points: 1 });
  });

  it('pools sweeps, and counts one seed of a cell once', () => {
    const again = { sweepId: 'sweep-2' as SweepId };
    const group = only([
      ...point(0, [90, 92]),
      row(0, 1, null, { ...unfinished('QUEUED'), ...again }),
      row(0, 2, 50, again),
      row(0, 3, 94, { ...again, sources: ['landmark:rkl'] }),
    ]);
    expect(group.best).toMatchObject({ selection: { n: 3, mean: 92 }, pending: 0, sources: ['grid', 'landmark:rkl'] });
    expect(group.sweeps).toEqual(['sweep-1', 'sweep-2']);
  });

  it('keeps two teachers of one fingerprint apart and says so; what has not succeeded goes with its sweep', () => {
    const other = { sweepId: 'sweep-2' as SweepId, teacherSha256: 'b'.repeat(64) };
    const rows = [
      ...point(0, [90, 91]),
      ...point(1, [80], unfinished('FAILED')),
      ...point(0, [70, 71], other),
      row(1, 1, null, { ...other, ...unfinished('QUEUED') }),
      row(0, 1, null, { sweepId: 'sweep-3' as SweepId, ...unfinished('QUEUED') }),
    ];
    const groups = summarise(rows);
    expect(groups.map(({ teacherSha256, sweeps, best }) => [teacherSha256?.[0], sweeps, best?.selection.mean])).toEqual(
      [
        ['a', ['sweep-1'], 90.5],
        ['b', ['sweep-2'], 70.5],
        [undefined, ['sweep-3'], undefined],
      ],
    );
    expect(groups[1]!.trials).toMatchObject({ SUCCEEDED: 2, QUEUED: 1 });
    expect(groups[1]!.notes[0]).toMatch(
      /one of 3 teachers of the same name \(bbbbbbbbbbbb\): their results are kept apart/,
    );
    const [pooled, ...rest] = summarise(rows.filter(({ sweepId }) => sweepId !== 'sweep-2'));
    expect(rest).toEqual([]);
    expect(pooled!.sweeps).toEqual(['sweep-1', 'sweep-3']);
  });

  it('never mixes two fingerprints', () => {
    const groups = summarise([...point(0, [90, 91]), ...point(0, [95, 96], { fingerprint: 'other' })]);
    expect(groups.map(({ best }) => best!.selection.mean)).toEqual([90.5, 95.5]);
  });

  it('compares landmarks with the best point over the seeds that both have', () => {
    const fkl = point(5, [91, 95], { sources: ['landmark:fkl'], inSpace: false });
    const rkl = [row(6, 1, null, { ...unfinished('FAILED'), sources: ['landmark:rkl', 'grid'] })];
    const { best, landmarks } = only([...point(0, [93, 96, 96]), ...fkl, ...rkl]);
    expect(best!.cell).toBe('alpha=0,beta=0');
    // Seeds 1 and 2: 93 - 91 = 2 and 96 - 95 = 1.
    expect(landmarks[0]).toMatchObject({
      name: 'fkl',
      result: { inSpace: false, selection: { mean: 93 } },
      gap: { n: 2, mean: 1.5 },
    });
    expect(landmarks[1]).toEqual({ name: 'rkl', result: null, gap: null, lead: null });
  });

  it('tells whether the lead over a landmark is more than chance, over all groups that ask', () => {
    const values = (shift: number, lead: number) => [
      ...point(0, [93 + shift + lead, 94.1 + shift + lead, 92.9 + shift + lead]),
      ...point(1, [93.1 + shift, 93.9 + shift, 93 + shift]),
      ...point(2, [92.9 + shift, 94 + shift, 93.1 + shift], { sources: ['landmark:fkl'], inSpace: false }),
    ];
    const other = values(-5, 0.1).map((one) => ({ ...one, fingerprint: 'other' }));
    const alone = summarise(values(0, 2))[0]!.landmarks[0]!.lead!;
    const [clear, unclear] = summarise([...values(0, 2), ...other]).map(({ landmarks }) => landmarks[0]!.lead!);
    // Three seeds, three points: 9 - 3 - 3 + 1 degrees of freedom. The landmark is no candidate.
    expect(alone).toMatchObject({ n: 3, isPaired: true, degreesOfFreedom: 4, candidates: 2, pHolm: alone.p });
    expect(alone.p!).toBeLessThan(0.001);
    expect(clear!.pHolm).toBeCloseTo(2 * clear!.p!, 12);
    expect(unclear!.pHolm).toBe(unclear!.p);
    expect(unclear!.p!).toBeGreaterThan(0.1);
  });

  it('sets the best point against the best on alpha + beta = 1, wherever that is', () => {
    const at = (alpha: number, beta: number) => ({ cell: `alpha=${alpha},beta=${beta}`, params: { alpha, beta } });
    const rows = [
      ...point(0, [95, 96], at(0.7, 0.5)),
      ...point(1, [93, 94], at(0.1, 0.9)),
      ...point(2, [94, 95], at(0.7, 0.3)),
      ...point(3, [94.5, 95], { ...at(1, 0), sources: ['landmark:fkl'], inSpace: false }),
      row(4, 1, 99, { ...at(0.2, 0.8), inSpace: false, sources: ['landmark:paper'] }),
    ];
    const { best, alphaLine } = only(rows);
    expect(best!.cell).toBe('alpha=0.7,beta=0.5');
    // The lucky seed of (0.2, 0.8) is half of two: it may stand for the line.
    expect(alphaLine!.result.cell).toBe('alpha=0.2,beta=0.8');
    expect(only(rows.slice(0, -1)).alphaLine!.result.cell).toBe('alpha=1,beta=0');
    expect(only(point(0, [95, 96], at(0.7, 0.3))).alphaLine).toMatchObject({ lead: null });
    expect(only(point(0, [95, 96])).alphaLine).toBeNull();
  });

  it('keeps a landmark outside the space from being the best search cell', () => {
    const outside = point(5, [99, 99], { inSpace: false, sources: ['landmark:fkl'] });
    expect(only([...point(0, [93, 94]), ...outside]).best!.cell).toBe('alpha=0,beta=0');
  });

  describe('of confirmed points', () => {
    const confirmed = (ordinal: number, values: readonly number[]) =>
      values.map((value, index) => row(ordinal, 100 + index, value, { purpose: 'CONFIRM', replicate: 2 + index }));
    const searched = [...point(0, [95, 97]), ...point(1, [94, 94]), ...point(2, [93, 93])];

    it('reports the fresh seeds alone, the search beside them, and ranks by the fresh ones', () => {
      const group = only([...searched, ...confirmed(0, [92, 92, 95]), ...confirmed(1, [94, 93, 95])]);
      expect(group.best).toMatchObject({
        cell: 'alpha=0.1,beta=0',
        selection: { n: 3, mean: 94 },
        test: { n: 3, mean: 93 },
        search: { n: 2, mean: 94 },
      });
      expect(group.runnersUp.map(({ cell, selection, search }) => [cell, selection.mean, search?.mean])).toEqual([
        ['alpha=0,beta=0', 93, 96],
        ['alpha=0.2,beta=0', 93, undefined],
      ]);
    });

    it('goes by the search until every confirming trial has ended', () => {
      const running = row(1, 100, null, { ...unfinished('RUNNING'), purpose: 'CONFIRM' });
      const group = only([...searched, ...confirmed(0, [80, 81]), running]);
      expect(group.best).toMatchObject({ cell: 'alpha=0,beta=0', selection: { n: 2, mean: 96 }, search: null });
    });

    it('goes by the search where every confirming trial failed', () => {
      const failed = row(0, 100, null, { ...unfinished('FAILED'), purpose: 'CONFIRM' });
      expect(only([...searched, failed]).best).toMatchObject({ selection: { mean: 96 }, search: null, failed: 1 });
    });

    it('compares the best with a landmark by fresh seeds: common ones where the landmark has them, else alone', () => {
      const fkl = point(5, [91, 93], { sources: ['landmark:fkl'], inSpace: false });
      const rows = [...searched, ...confirmed(0, [92, 96]), ...fkl];
      // 94 - 92 with errors 2 and 1, though the search led by 4.
      expect(only(rows).landmarks[0]!.gap).toEqual({ n: 2, mean: 2, sd: null, se: Math.hypot(2, 1) });
      const shared = [93, 95].map((value, index) => row(1, 100 + index, value, { purpose: 'CONFIRM' }));
      const landmark = { sources: ['grid', 'landmark:rkl'] };
      const both = rows.map((one) => (one.ordinal === 1 ? { ...one, ...landmark } : one));
      const gap = only([...both, ...shared.map((one) => ({ ...one, ...landmark }))]).landmarks.find(
        ({ name }) => name === 'rkl',
      )!.gap;
      expect(gap).toMatchObject({ n: 2, mean: 0 });
    });
  });

  it('flags selection on the test part, made-up results and mixed backends', () => {
    const flagged = {
      ...definition,
      selectOn: 'test',
      run: { kind: 'noop', durationMs: 1, steps: 1, failure: 'none' },
    } as const;
    const { notes, backends } = only([
      row(0, 1, 90, { definition: flagged }),
      row(0, 2, 90, { definition: flagged, backend: 'cpu' }),
    ]);
    expect(backends).toEqual(['cpu', 'wasm']);
    expect(notes.join('\n')).toMatch(/noop.*\n.*test part.*\n.*several backends are mixed: cpu, wasm/);
  });

  it('shows the published choice of the pair', () => {
    const pair = { dataset: 'cifar100', teacher: 'resnet56', student: 'resnet20' };
    expect(only([row(0, 1, 70, pair)]).published).toMatchObject({ alpha: 0.8, beta: 0.3, value: 71.79 });
    expect(only([row(0, 1, 70, { ...pair, objective: 'kd' })]).published).toBeNull();
    expect(only([row(0, 1, 70)]).published).toBeNull();
  });

  it('says when the teacher or some points did no better than guessing', () => {
    const rows = [...point(1, [90, 91]), ...point(2, [9.8, 10.1])];
    expect(only(rows).notes).toEqual([expect.stringMatching(/^1 point did not learn at all/)]);
    const weak = only(rows.map((one) => ({ ...one, teacherTest: 11.15 })));
    expect(weak.notes[0]).toBe('the teacher did not learn: 11.15 % on test, where guessing gives 10.00 %');
  });
});
