import { createRandom } from '../../core/random.ts';
import type { SearchPlan } from '../../core/search/plan.ts';
import type { AddedTrial, StepRecord } from '../../core/search/record.ts';
import { nextStep, type SearchedPoint } from '../../core/search/session.ts';

/** A search that was run to its end in memory, as a store would keep it. */
export interface SearchRun {
  readonly points: readonly SearchedPoint[];
  readonly steps: readonly StepRecord[];
  /** Trials that confirm points. */
  readonly confirming: readonly AddedTrial[];
}

export interface SearchRunOptions {
  /** Draws how many decisions are asked for, when, and which open trial ends next. */
  readonly seed: number;
  /** Points that are there before the first step. @default none */
  readonly start?: readonly Pick<SearchedPoint, 'cell' | 'params' | 'isChosen' | 'inSpace'>[];
  /** What a trial gives; null fails it. */
  readonly value: (params: SearchedPoint['params'], replicate: number) => number | null;
  /** Decisions that are asked for at once, at most. @default 3 */
  readonly wanted?: number;
}

const open = { state: 'open', value: null } as const;

export function runSearch(plan: SearchPlan, { seed, start = [], value, wanted = 3 }: SearchRunOptions): SearchRun {
  const random = createRandom(seed);
  const first = Array.from({ length: plan.replicates.min }, () => open);
  let points: SearchedPoint[] = start.map((point, ordinal) => ({ ...point, ordinal, trials: first }));
  const steps: StepRecord[] = [];
  const confirming: AddedTrial[] = [];
  const order = (): boolean => {
    const step = nextStep(plan, stored({ points, steps }), 1 + random.integer(wanted));
    if (step === null) return false;
    const added = step.points.map(({ cell, params }, place) => {
      return { ordinal: points.length + place, cell, params, isChosen: true, inSpace: true, trials: first };
    });
    points = [...points, ...added];
    for (const trial of step.trials) {
      if (trial.purpose === 'CONFIRM') confirming.push(trial);
      else points = points.with(trial.ordinal, withTrial(points[trial.ordinal]!, trial));
    }
    steps.push(stored(step.record));
    return true;
  };
  for (;;) {
    const isFinished = steps.at(-1)?.isFinished ?? false;
    const running = points.filter(({ trials }) => trials.some(({ state }) => state === 'open'));
    if (isFinished && running.length === 0) return { points, steps, confirming };
    if (!isFinished && (running.length === 0 || random.uniform() < 0.5)) {
      if (!order() && running.length === 0) throw new Error('The search waits for trials that there are not');
    } else {
      const point = running[random.integer(running.length)]!;
      const at = point.trials.findIndex(({ state }) => state === 'open');
      points = points.with(point.ordinal, { ...point, trials: point.trials.with(at, ended(value(point.params, at))) });
    }
  }
}

function withTrial(point: SearchedPoint, { replicate }: AddedTrial): SearchedPoint {
  if (replicate !== point.trials.length) throw new Error(`Replicate ${replicate} comes after ${point.trials.length}`);
  return { ...point, trials: [...point.trials, open] };
}

function ended(value: number | null): SearchedPoint['trials'][number] {
  return value === null ? { state: 'failed', value: null } : { state: 'succeeded', value };
}

/** As the store keeps it: a copy made of JSON. */
export function stored<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
