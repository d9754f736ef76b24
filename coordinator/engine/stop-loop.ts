import type { Bell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { StoppingService } from '../service/stopping.ts';
import { runLoop } from './loop.ts';

const everyMs = 5_000;

/**
 * Decides about points that wait at rungs of early stopping: at once after a trial has paused or ended, which rings
 * `reached`, else soon. Where the end of one makes another's place sure, or hopeless, that is decided in the same turn.
 */
export function runStopLoop(options: {
  readonly stopping: StoppingService;
  readonly reached: Bell;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  const { stopping, reached, signal, log } = options;
  return runLoop({
    name: 'stop loop',
    firstAfterMs: 0,
    everyMs,
    bell: reached,
    turn: stopping.decide,
    signal,
    log,
  });
}
