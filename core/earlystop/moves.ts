import { type JudgedTrial, judgePoint } from './judged.ts';
import type { StoppingRule } from './rule.ts';
import { nextRung } from './rungs.ts';

/** What becomes of a point that waits at a rung. */
export interface PointMove {
  readonly ordinal: number;
  /** Where it waits. */
  readonly rung: number;
  /** Where it goes on to; null = its end. Of a point that stops it means nothing. */
  readonly next: number | null;
  readonly stops: boolean;
}

/**
 * What a rule decides about the points of a task, without those that are to wait.
 * @param points all points in the order of their ordinals
 * @param pointsToCome how many may still be added, as far as is known
 */
export function movesOf(
  rule: StoppingRule,
  points: readonly { readonly ordinal: number; readonly trials: readonly JudgedTrial[] }[],
  pointsToCome: number,
): readonly PointMove[] {
  const judged = points.flatMap(({ ordinal, trials }) => judgePoint(ordinal, trials) ?? []);
  const rungs = new Map(judged.map(({ ordinal, reached }) => [ordinal, reached.at(-1)?.epoch ?? 0]));
  const toCome = Array.from({ length: pointsToCome }, (_, more) => points.length + more);
  return rule.decide({ points: judged, toCome }).flatMap(({ ordinal, decision }) => {
    const rung = rungs.get(ordinal)!;
    const goesOn = decision === 'goOn' || hasPassed(points[ordinal]!.trials, rung);
    if (!goesOn && decision === 'wait') return [];
    return [{ ordinal, rung, next: nextRung(rule, ordinal, rung), stops: !goesOn }];
  });
}

/** True where the point has gone on from the rung before: a trial of it that was run again goes the same way. */
function hasPassed(trials: readonly JudgedTrial[], rung: number): boolean {
  return trials.some(({ pauses }) => pauses && (pauses.rung === null || pauses.rung > rung));
}
