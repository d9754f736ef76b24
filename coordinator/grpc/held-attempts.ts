import type { AttemptKey, WantedAttempt } from '../../core/attempt.ts';
import type { SweepId } from '../../core/ids.ts';

/**
 * What one worker has in hand, as far as this stream knows: attempts that were assigned or brought along and whose
 * end has not been reported. Bounds what more it is given, and tells whom a cancelled sweep concerns.
 */
export interface HeldAttempts {
  add(key: AttemptKey, sweepId: SweepId): void;
  remove(key: AttemptKey): void;
  has(key: AttemptKey): boolean;
  /** The worker's word on its free slots. */
  declareFree(slots: number): void;
  /**
   * Trials that it can take now: never more than it declared free, nor than slots without an attempt. A declaration
   * that crossed an assignment on its way counts that slot as free; the second bound holds then.
   */
  demand(): number;
  sweeps(): readonly SweepId[];
  /** Attempts of a sweep that have not been told to stop, marking them as told. */
  takeToStop(sweepId: SweepId): readonly AttemptKey[];
  /** Marks what the store wants stopped; drops what is not the worker's any more. */
  follow(wanted: readonly WantedAttempt[]): void;
  keys(): readonly AttemptKey[];
}

interface Held {
  readonly key: AttemptKey;
  readonly sweepId: SweepId;
  toldToStop: boolean;
}

export function createHeldAttempts(slots: number): HeldAttempts {
  const heldById = new Map<string, Held>();
  let free = 0;
  const idOf = ({ trialId, attempt }: AttemptKey) => `${trialId}#${attempt}`;
  return {
    add: (key, sweepId) => {
      heldById.set(idOf(key), {
        key: { trialId: key.trialId, attempt: key.attempt },
        sweepId,
        toldToStop: false,
      });
      free = Math.max(0, free - 1);
    },
    remove: (key) => void heldById.delete(idOf(key)),
    has: (key) => heldById.has(idOf(key)),
    declareFree: (declared) => {
      free = declared;
    },
    demand: () => Math.max(0, Math.min(free, slots - heldById.size)),
    sweeps: () => [...new Set([...heldById.values()].filter((held) => !held.toldToStop).map((held) => held.sweepId))],
    takeToStop: (sweepId) => {
      const told = [...heldById.values()].filter((held) => held.sweepId === sweepId && !held.toldToStop);
      for (const held of told) held.toldToStop = true;
      return told.map((held) => held.key);
    },
    follow: (wanted) => {
      for (const { wanted: state, reason, ...key } of wanted) {
        const held = heldById.get(idOf(key));
        if (held === undefined || state !== 'STOP') continue;
        if (reason === leaseLostReason) heldById.delete(idOf(key));
        else held.toldToStop = true;
      }
    },
    keys: () => [...heldById.values()].map((held) => held.key),
  };
}

/** Such an attempt is dropped by the worker without a word; any other stop is answered by a result. */
const leaseLostReason = 'lease lost';
