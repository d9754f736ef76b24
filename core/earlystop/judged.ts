import type { JudgedPoint, RungValue } from './rule.ts';

/** Where early stopping pauses a trial. */
export interface Pauses {
  /** Epoch at which it pauses next, or waits, or was stopped; null = from here it runs to its end. */
  readonly rung: number | null;
  /** What it gave at the rungs that it has reached, lowest first. */
  readonly values: readonly RungValue[];
}

/** A trial as searches and early stopping see it. */
export interface JudgedTrial {
  /** `open`: queued or running. `stopped`: ended at a rung. Cancelled trials count as failed. */
  readonly state: 'open' | 'waiting' | 'succeeded' | 'stopped' | 'failed';
  /** None where it runs straight to its end, as trials of landmarks and baselines do. */
  readonly pauses?: Pauses | null;
}

/**
 * The point that trials make up; null where none of them pauses. A trial that runs straight to its end has no say, and
 * one that failed only at the rungs where it has been. Trials that have come less far than the rest, because they were
 * run again, are the ones to be decided about.
 */
export function judgePoint(ordinal: number, trials: readonly JudgedTrial[]): JudgedPoint | null {
  const pausing = trials.flatMap(({ state, pauses }) => (pauses ? [{ state, ...pauses }] : []));
  if (pausing.length === 0) return null;
  const unended = pausing.filter(({ state }) => state === 'open' || state === 'waiting');
  return { ordinal, state: stateOf(unended), reached: reachedTogether(pausing, unended) };
}

type Pausing = Pick<JudgedTrial, 'state'> & Pauses;

function stateOf(unended: readonly Pausing[]): JudgedPoint['state'] {
  if (unended.length === 0) return 'ended';
  const lowest = Math.min(...unended.map(({ rung }) => rung ?? Number.POSITIVE_INFINITY));
  const next = unended.filter(({ rung }) => (rung ?? Number.POSITIVE_INFINITY) === lowest);
  return next.every(({ state }) => state === 'waiting') ? 'waiting' : 'running';
}

/** The rungs to which no trial is still to come, with the means over those that came. */
function reachedTogether(trials: readonly Pausing[], unended: readonly Pausing[]): readonly RungValue[] {
  const epochs = new Set(trials.flatMap(({ values }) => values.map(({ epoch }) => epoch)));
  return [...epochs]
    .sort((a, b) => a - b)
    .filter((epoch) => unended.every(({ values }) => values.some((at) => at.epoch === epoch)))
    .map((epoch) => {
      const there = trials.flatMap(({ values }) => values.filter((at) => at.epoch === epoch));
      return { epoch, value: meanOf(there.map(({ value }) => value)), mean: meanOf(there.map(({ mean }) => mean)) };
    });
}

/** None where one of the values is no number: that trial diverged. */
function meanOf(values: readonly (number | null)[]): number | null {
  const sum = values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
  return sum === null ? null : sum / values.length;
}
