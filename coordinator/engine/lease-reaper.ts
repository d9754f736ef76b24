import { createBell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { LeaseService } from '../service/leases.ts';
import { runLoop } from './loop.ts';

/** Turns per lease: a lost worker's trial waits at most this share of a lease longer than the lease itself. */
const turnsPerLease = 6;

/**
 * Queues the trials of workers that stopped renewing again.
 *
 * It begins one lease length after the start: had all coordinators been down for longer than a lease, every lease
 * would look expired although the workers still run their trials. They reconnect and renew within that time.
 */
export function runLeaseReaper(options: {
  readonly leases: LeaseService;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  return runLoop({
    name: 'lease reaper',
    firstAfterMs: options.leaseMs,
    everyMs: Math.min(5_000, options.leaseMs / turnsPerLease),
    bell: createBell(),
    turn: options.leases.expire,
    signal: options.signal,
    log: options.log,
  });
}
