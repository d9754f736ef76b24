/** Resolves after `ms` milliseconds, or at once when `signal` aborts; true where the whole time passed. */
export function sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = () => {
      signal?.removeEventListener('abort', aborted);
      resolve(true);
    };
    const timer = setTimeout(done, ms);
    const aborted = () => {
      clearTimeout(timer);
      resolve(false);
    };
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

/** A promise and the functions that settle it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

export function createDeferred<Value>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * Runs functions one after another per key; functions of different keys run side by side.
 * A function that throws does not stop those behind it.
 */
export function createKeyedMutex(): <Value>(key: string, run: () => Promise<Value>) => Promise<Value> {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, run) => {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(run, run);
    const tail = mine.catch(() => undefined);
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}

/**
 * Delays for retries: doubling from `firstMs` up to `maxMs`, each drawn from [half, full] by `random` in [0, 1)
 * so that many clients do not return at once.
 */
export function backoffDelay(
  failures: number,
  options: { readonly firstMs: number; readonly maxMs: number; readonly random: () => number },
): number {
  const full = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(failures, 30));
  return full / 2 + (full / 2) * options.random();
}
