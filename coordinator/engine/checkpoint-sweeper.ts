import { createBell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { CheckpointService } from '../service/checkpoints.ts';
import { runLoop } from './loop.ts';

const leftoversEveryMs = 3_600_000;

/** Removes the checkpoints of trials that are over, and now and then what a coordinator that died left behind. */
export async function runCheckpointSweeper(options: {
  readonly checkpoints: CheckpointService;
  /** A checkpoint outlives its trial by so long at most. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  const { checkpoints, everyMs, signal, log } = options;
  const loop = (name: string, period: number, turn: () => Promise<void>) =>
    runLoop({ name, firstAfterMs: everyMs, everyMs: period, bell: createBell(), turn, signal, log });
  await Promise.all([
    loop('checkpoint sweeper', everyMs, checkpoints.forgetFinished),
    loop('checkpoint leftovers', leftoversEveryMs, checkpoints.removeLeftovers),
  ]);
}
