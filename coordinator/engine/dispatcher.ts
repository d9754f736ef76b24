import type { TrialAssignment } from '../../core/assignment.ts';
import { createBell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Bus } from '../bus/bus.ts';
import { runLoop } from './loop.ts';

export interface DispatchOptions {
  /** How many trials the worker can take now. */
  readonly demand: () => number;
  readonly claim: (limit: number) => Promise<readonly TrialAssignment[]>;
  readonly deliver: (assignments: readonly TrialAssignment[]) => Promise<void>;
  readonly bus: Bus;
  readonly pollMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface Dispatch {
  /** The demand rose. */
  wake(): void;
  /** Settles once the signal has aborted and the last claim is delivered or given back. */
  readonly ended: Promise<void>;
}

/** Trials per claim: a worker with very many slots does not keep the others waiting. */
const maxClaim = 64;

/**
 * Feeds one worker: claims as soon as it has free slots, on every hint of new work, and every `pollMs` besides.
 * The polls of many workers are spread over time by drawing each period from half to one and a half.
 */
export function startDispatch(options: DispatchOptions): Dispatch {
  const bell = createBell();
  const unsubscribe = options.bus.subscribe(bell.ring);
  const turn = async () => {
    const wanted = Math.min(options.demand(), maxClaim);
    if (wanted === 0 || options.signal.aborted) return;
    const assignments = await options.claim(wanted);
    await options.deliver(assignments);
    if (assignments.length > 0 && options.demand() > 0) bell.ring();
  };
  const ended = runLoop({
    name: 'dispatch',
    firstAfterMs: 0,
    everyMs: options.pollMs * (0.5 + options.random()),
    bell,
    turn,
    signal: options.signal,
    log: options.log,
  });
  return { wake: bell.ring, ended: ended.finally(unsubscribe) };
}
