/**
 * A wake-up that cannot be lost. A loop arms the bell, looks for work, then waits: a ring that came after `arm`
 * makes `wait` return at once, so nothing that happened during the look is overlooked.
 */
export interface Bell {
  ring(): void;
  /** Forgets earlier rings. Called before looking. */
  arm(): void;
  /** Resolves at the next ring since `arm`, after `timeoutMs`, or when `signal` aborts. One waiter at a time. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    arm: () => {
      rung = false;
    },
    wait: (timeoutMs, signal) => {
      if (rung || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = null;
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        signal.addEventListener('abort', done, { once: true });
        wake = done;
      });
    },
  };
}
