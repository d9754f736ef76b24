import type { AxisRange } from '../space/axis.ts';

/** Something to be searched whose answer is known, to judge strategies by. Greater values are better. */
export interface TestProblem {
  readonly name: string;
  /** By parameter name. */
  readonly axes: Readonly<Record<string, AxisRange>>;
  /** What a trial would give without noise. */
  value(params: Readonly<Record<string, number>>): number;
  /** The greatest value there is. */
  readonly optimum: number;
  /** A regret (`optimum` minus value) of so much counts as found. */
  readonly tolerance: number;
}
