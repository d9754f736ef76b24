import { describe, expect, it } from 'vitest';
import { coverageLines } from '../../cli/coverage-text.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import type { Coverage } from '../../core/coverage.ts';
import { addCoverage, type CountedRows, certify } from '../../core/coverage.ts';
import type { SweepState } from '../../core/sweep.ts';

const rows: CountedRows = {
  ...{ plannedPoints: 4, plannedTrials: 8, isStopped: false, coveredCells: 4 },
  ...{ succeeded: 8, failed: 0, pruned: 0, cancelled: 0, open: 0 },
  ...{ duplicates: 0, failedAttempts: 0, lostAttempts: 0, missing: [] },
};
const counted = (change: Partial<CountedRows>) => certify({ ...rows, ...change });

describe('the certificate', () => {
  it('is complete only where every planned trial has one result', () => {
    expect(counted({}).complete).toBe(true);
    expect(counted({ succeeded: 6, pruned: 2 }).complete).toBe(true);
    const lacking: readonly Partial<CountedRows>[] = [
      { succeeded: 7, failed: 1 },
      { succeeded: 7, cancelled: 1 },
      { succeeded: 7, open: 1 },
      { duplicates: 1 },
      { plannedPoints: 5 },
      { coveredCells: 3 },
    ];
    for (const change of lacking) expect(counted(change).complete, JSON.stringify(change)).toBe(false);
  });

  it('has every planned trial in one of its counts, also those of points that are not there', () => {
    for (const isStopped of [false, true]) {
      const { trials, missing } = counted({
        plannedPoints: 7,
        plannedTrials: 14,
        isStopped,
        succeeded: 5,
        failed: 2,
        cancelled: 1,
      });
      const { planned, succeeded, failed, pruned, cancelled, toCome } = trials;
      expect(planned).toBe(14);
      expect(succeeded + failed + pruned + cancelled + toCome).toBe(planned);
      expect([toCome, missing.count]).toEqual(isStopped ? [0, 9] : [6, 3]);
    }
  });

  it('of several tasks is their sum, and complete where all are', () => {
    const missing = [{ cell: 'alpha=1', replicate: 0, state: 'FAILED' }] as const;
    const sum = addCoverage([counted({}), counted({ succeeded: 7, failed: 1, missing })], 3);
    expect(sum).toMatchObject({
      ...{ cells: { planned: 8, covered: 8 }, trials: { planned: 16, succeeded: 15, failed: 1 } },
      ...{ missing: { count: 1, first: missing }, complete: false },
    });
  });
});

describe('what is told of the coverage', () => {
  const linesOf = (coverage: Coverage, state: SweepState) =>
    coverageLines({ id: '3f2a0000-0000', state, tasks: [{ coverage }] } as unknown as SweepAnswer, 'abkd');

  it('is one line where nothing is missing', () => {
    expect(linesOf(counted({}), 'COMPLETED')).toEqual(['Coverage: 4 of 4 cells, 8 of 8 trials, 0 repeated']);
    expect(linesOf(counted({ failedAttempts: 2, lostAttempts: 1 }), 'COMPLETED')).toEqual([
      'Coverage: 4 of 4 cells, 8 of 8 trials, 0 repeated (attempts without a result: 2 failed, 1 lost)',
    ]);
  });

  it('names what is missing, and the commands that run it', () => {
    const missing = [0, 1, 0, 1].map((replicate, i) => ({
      ...{ cell: `alpha=${i >> 1},beta=0`, replicate, state: i < 2 ? 'FAILED' : 'CANCELLED' },
    })) as CountedRows['missing'];
    const coverage = counted({ coveredCells: 3, succeeded: 3, failed: 2, cancelled: 3, missing });
    expect(linesOf(coverage, 'CANCELLED')).toEqual([
      'Coverage: 3 of 4 cells, 3 of 8 trials, 0 repeated',
      '  missing: 2 failed, 3 cancelled: alpha=0 beta=0 seed 0; alpha=0 beta=0 seed 1; alpha=1 beta=0 seed 0; 2 more',
      '  `abkd rerun 3f2a0000 --failed` and `abkd rerun 3f2a0000 --missing` run exactly that',
    ]);
    // Before the sweep is over, what was cancelled cannot be run.
    expect(linesOf(coverage, 'RUNNING').at(-1)).toBe('  `abkd rerun 3f2a0000 --failed` runs exactly that');
  });
});
