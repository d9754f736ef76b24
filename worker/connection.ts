import { AbkdError, messageOf } from '../core/errors.ts';
import { backoffDelay, sleep } from '../platform/async.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Session } from './session.ts';

export interface ConnectionOptions {
  /** Tried in turn. */
  readonly addresses: readonly string[];
  readonly open: (address: string) => Promise<Session>;
  /** Called with every session that opens; the connection waits for its end by itself. */
  readonly onSession: (session: Session) => void;
  readonly onLost: () => void;
  /** Give up after so long without a session; null = never. */
  readonly giveUpMs: number | null;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const firstPauseMs = 200;
const maxPauseMs = 5_000;
/** A session that ended sooner counts as a failure: whatever ended it may do so again at once. */
const settledMs = 5_000;

/**
 * Holds a session with any of the addresses until `signal` aborts, dialling again with growing, jittered pauses.
 * @throws {AbkdError} WORKER_REFUSED; UNAVAILABLE once `giveUpMs` has passed without a session
 */
export async function keepConnected(options: ConnectionOptions): Promise<void> {
  const { addresses, signal, log } = options;
  let failures = 0;
  let lastSessionAt = systemClock.now();
  for (let turn = 0; !signal.aborted; turn++) {
    const address = addresses[turn % addresses.length]!;
    try {
      const session = await options.open(address);
      const openedAt = systemClock.now();
      log.info({ coordinator: address }, 'attached');
      options.onSession(session);
      const reason = await session.ended;
      options.onLost();
      lastSessionAt = systemClock.now();
      if (lastSessionAt - openedAt > settledMs) failures = 0;
      if (!signal.aborted) log.warn({ coordinator: address, reason }, 'connection lost');
    } catch (error) {
      if (!(error instanceof AbkdError) || !error.retryable) throw error;
      if (!signal.aborted) log.info({ coordinator: address, reason: messageOf(error) }, 'coordinator not reached');
    }
    assertNotTooLong(systemClock.now() - lastSessionAt, options.giveUpMs);
    await sleep(backoffDelay(failures, { firstMs: firstPauseMs, maxMs: maxPauseMs, random: options.random }), signal);
    failures += 1;
  }
}

function assertNotTooLong(withoutMs: number, giveUpMs: number | null): void {
  if (giveUpMs === null || withoutMs < giveUpMs) return;
  throw new AbkdError(
    'UNAVAILABLE',
    `Cannot go on without a coordinator: none was reached for ${Math.round(withoutMs / 1000)} s, expected one within ${Math.round(giveUpMs / 1000)} s`,
  );
}
