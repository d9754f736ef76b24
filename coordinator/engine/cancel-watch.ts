import type { SweepId } from '../../core/ids.ts';
import { createBell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Bus } from '../bus/bus.ts';
import type { SweepService } from '../service/sweeps.ts';
import { runLoop } from './loop.ts';

/**
 * Tells workers at once when a sweep of theirs was cancelled, through whichever coordinator that was. Where the hint
 * is lost they learn it from their next renewal.
 */
export async function runCancelWatch(options: {
  readonly sessions: { sweeps(): readonly SweepId[]; stopSweep(sweepId: SweepId): Promise<void> };
  readonly sweeps: SweepService;
  readonly bus: Bus;
  readonly renewMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  const { sessions, sweeps, bus } = options;
  const bell = createBell();
  const unsubscribe = bus.subscribe(bell.ring);
  const turn = async () => {
    const cancelled = await sweeps.cancelledOf(sessions.sweeps());
    await Promise.all(cancelled.map((sweepId) => sessions.stopSweep(sweepId)));
  };
  await runLoop({
    name: 'cancel watch',
    firstAfterMs: 0,
    everyMs: options.renewMs,
    bell,
    turn,
    signal: options.signal,
    log: options.log,
  });
  unsubscribe();
}
