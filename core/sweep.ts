/** States of a sweep. PENDING until its first trial is claimed; the last three are final. */
export const SweepState = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  PAUSED: 'PAUSED',
  COMPLETED: 'COMPLETED',
  CANCELLED: 'CANCELLED',
  FAILED: 'FAILED',
} as const;
export type SweepState = (typeof SweepState)[keyof typeof SweepState];

const finalStates: ReadonlySet<SweepState> = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);

/** True where the sweep will never change again. */
export function isFinalSweepState(state: SweepState): boolean {
  return finalStates.has(state);
}
