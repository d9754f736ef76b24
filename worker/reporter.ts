/**
 * What the worker has to tell, numbered and kept until the coordinator acknowledges it. After a reconnection everything
 * that is still open is sent again in order; the coordinator stores repeated messages once.
 */
import type { AttemptKey, AttemptOutcome } from '../core/attempt.ts';
import type { Measurement } from '../core/measurement.ts';
import { attemptToWire, measurementToWire, outcomeToWire } from '../proto/codec/attempt.ts';
import type { WorkerMessage } from '../proto/gen/abkd/v1/worker.ts';

export type OutgoingMessage = NonNullable<WorkerMessage['message']>;

/** What an acknowledged number stood for. */
export interface Reported {
  readonly key: AttemptKey;
  readonly kind: 'measurements' | 'result';
}

export interface Reporter {
  measurement(key: AttemptKey, measurement: Measurement): void;
  /** Follows all measurements of the attempt. */
  result(key: AttemptKey, outcome: AttemptOutcome): void;
  /** Null for a number that is not open (a repeated acknowledgement). */
  acknowledge(sequence: number): Reported | null;
  /** Resolves when nothing of what the attempt has told so far is open any more. */
  delivered(key: AttemptKey): Promise<void>;
  /** Drops what is open of an attempt that no longer owns its trial. */
  forget(key: AttemptKey): void;
  /** Sends all that is open, and from now on everything at once. */
  connect(send: (message: OutgoingMessage) => void): void;
  disconnect(): void;
  /** Messages that are not acknowledged yet. */
  open(): number;
}

/** Measurements of an attempt that follow each other within this time travel as one message, milliseconds. */
const gatherMs = 50;

interface OpenMessage extends Reported {
  readonly message: OutgoingMessage;
}

export function createReporter(): Reporter {
  const openMessages = new Map<number, OpenMessage>();
  const gathered = new Map<string, { readonly key: AttemptKey; readonly measurements: Measurement[] }>();
  const waiters = new Set<() => void>();
  let lastSequence = 0;
  let send: ((message: OutgoingMessage) => void) | null = null;

  const enqueue = (key: AttemptKey, kind: Reported['kind'], build: (sequence: number) => OutgoingMessage) => {
    lastSequence += 1;
    const message = build(lastSequence);
    openMessages.set(lastSequence, { key, kind, message });
    send?.(message);
  };
  const flush = (id: string) => {
    const batch = gathered.get(id);
    if (batch === undefined) return;
    gathered.delete(id);
    const attempt = attemptToWire(batch.key);
    const measurements = batch.measurements.map(measurementToWire);
    enqueue(batch.key, 'measurements', (sequence) => ({
      $case: 'measurements',
      value: { sequence, attempt, measurements },
    }));
  };
  const close = (sequence: number) => {
    openMessages.delete(sequence);
    for (const look of waiters) look();
  };
  const flushAll = () => {
    for (const id of [...gathered.keys()]) flush(id);
  };

  return {
    measurement: (key, measurement) => {
      const id = attemptId(key);
      const batch = gathered.get(id);
      if (gathered.size === 0) setTimeout(flushAll, gatherMs);
      if (batch === undefined) gathered.set(id, { key, measurements: [measurement] });
      else batch.measurements.push(measurement);
    },
    result: (key, outcome) => {
      flush(attemptId(key));
      enqueue(key, 'result', (sequence) => ({ $case: 'result', value: outcomeToWire(sequence, key, outcome) }));
    },
    acknowledge: (sequence) => {
      const found = openMessages.get(sequence) ?? null;
      close(sequence);
      return found;
    },
    delivered: (key) => {
      const id = attemptId(key);
      flush(id);
      const last = lastSequence;
      const isOpen = () => [...openMessages].some(([sequence, open]) => sequence <= last && attemptId(open.key) === id);
      return new Promise((resolve) => {
        const look = () => {
          if (isOpen()) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      });
    },
    forget: (key) => {
      const id = attemptId(key);
      gathered.delete(id);
      for (const [sequence, open] of openMessages) if (attemptId(open.key) === id) close(sequence);
    },
    connect: (nextSend) => {
      send = nextSend;
      for (const { message } of openMessages.values()) nextSend(message);
    },
    disconnect: () => {
      send = null;
    },
    open: () => openMessages.size + gathered.size,
  };
}

/** Text that tells attempts apart, for maps. */
export function attemptId(key: AttemptKey): string {
  return `${key.trialId}#${key.attempt}`;
}
