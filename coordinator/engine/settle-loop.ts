import type { Bell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { SweepService } from '../service/sweeps.ts';
import { runLoop } from './loop.ts';

const everyMs = 5_000;

/** Gives sweeps whose trials are all final their final state: at once after a finish, which rings `finished`, else soon. */
export function runSettleLoop(options: {
  readonly sweeps: SweepService;
  readonly finished: Bell;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  return runLoop({
    name: 'settle loop',
    firstAfterMs: 0,
    everyMs,
    bell: options.finished,
    turn: options.sweeps.settle,
    signal: options.signal,
    log: options.log,
  });
}
