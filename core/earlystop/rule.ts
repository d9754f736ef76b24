/**
 * Early stopping decides about points, not about trials: all trials of a point pause at the same epochs, its rungs, and
 * there the point goes on, waits, or stops as a whole. Averaging whatever seeds survived would make points look better
 * than they are. Greater values are better.
 */

/** What a trial or a point was worth at a rung. Values that are no numbers are null, and worse than any number. */
export interface RungValue {
  /** Epochs that were done, from 1. */
  readonly epoch: number;
  /** The selection value that the trial would have reported had it ended here. */
  readonly value: number | null;
  /** Mean of the selection values of all epochs so far. */
  readonly mean: number | null;
}

/** A point as a rule sees it. */
export interface JudgedPoint {
  /** Place in the order of suggestion. */
  readonly ordinal: number;
  /**
   * `running`: on its way to its next rung or its end. `waiting`: at the last of `reached`, for a decision. `ended`: it
   * was stopped, has come to its end, or has failed.
   */
  readonly state: 'running' | 'waiting' | 'ended';
  /** The rungs that all its trials have reached, lowest first, with the means over the trials. */
  readonly reached: readonly RungValue[];
}

export interface StopRequest {
  /** All points of the task that are not exempt (landmarks are). */
  readonly points: readonly JudgedPoint[];
  /** Ordinals of points that may still be added. */
  readonly toCome: readonly number[];
}

/** What becomes of a waiting point. */
export interface StopDecision {
  readonly ordinal: number;
  readonly decision: 'goOn' | 'wait' | 'stop';
}

/**
 * A rule for stopping early: pure, and such that no later result makes a `goOn` or `stop` wrong, so that it does not
 * matter which of several deciders comes first. Where nothing runs any more and nothing is to come, every request with
 * waiting points gets at least one decision that is not `wait`: all points end.
 */
export interface StoppingRule {
  /** Epochs at which the point pauses, ascending; none = it runs to its end. */
  rungsOf(ordinal: number): readonly number[];
  /** One decision for each waiting point, in the order of the points. */
  decide(request: StopRequest): readonly StopDecision[];
}

/** What a rule is made of. */
export interface StoppingLimits {
  /** Of a whole training. */
  readonly epochs: number;
  /** No point is stopped before. */
  readonly minEpochs: number;
  /** From rung to rung the epochs grow by this factor, and of the points that reach a rung about 1 / factor goes on. */
  readonly reduction: number;
  /** Other points that must have reached a rung before the median rule stops any there; no other rule looks at it. */
  readonly minPoints: number;
}
