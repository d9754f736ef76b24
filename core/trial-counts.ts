import { TrialState } from './trial.ts';

/** Number of trials by state. */
export type TrialCounts = Readonly<Record<TrialState, number>>;

/** Number of trials by state. */
export function countStates(states: Iterable<TrialState>): TrialCounts {
  const counts = zeroCounts();
  for (const state of states) counts[state] += 1;
  return counts;
}

/** Sum over tasks or sweeps; all zero for none. */
export function addTrialCounts(all: Iterable<TrialCounts>): TrialCounts {
  const sum = zeroCounts();
  for (const counts of all) for (const state of Object.values(TrialState)) sum[state] += counts[state];
  return sum;
}

/** Trials in any state. */
export function sumOf(counts: TrialCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function zeroCounts(): Record<TrialState, number> {
  return { QUEUED: 0, RUNNING: 0, WAITING: 0, SUCCEEDED: 0, FAILED: 0, PRUNED: 0, CANCELLED: 0 };
}
