import { messageOf } from '../../core/errors.ts';
import { sleep } from '../../platform/async.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';

export interface LoopOptions {
  readonly name: string;
  /** Time before the first turn. */
  readonly firstAfterMs: number;
  /** Longest time between two turns. */
  readonly everyMs: number;
  /** Ringing it brings the next turn forward; rings during a turn cause one more. */
  readonly bell: Bell;
  readonly turn: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Takes turns until `signal` aborts; a turn that throws is logged and the next one tries again. Never rejects. */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { bell, signal } = options;
  if (options.firstAfterMs > 0) await sleep(options.firstAfterMs, signal);
  while (!signal.aborted) {
    bell.arm();
    try {
      await options.turn();
    } catch (error) {
      options.log.warn({ loop: options.name, reason: messageOf(error) }, 'turn failed, will be repeated');
      // A ring must not turn a database outage into a busy loop.
      await sleep(options.everyMs, signal);
      continue;
    }
    await bell.wait(options.everyMs, signal);
  }
}
