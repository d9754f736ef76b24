import type { Logger } from './logger.ts';

/** What has been opened, to be closed in the opposite order. */
export interface Lifecycle {
  /** Closed before everything that was added earlier. */
  add(name: string, close: () => void | Promise<void>): void;
  /** Closes everything once; a part that fails or takes too long is logged and does not keep the others open. */
  close(): Promise<void>;
}

/** Time that one part may take to close, milliseconds. */
const closeTimeoutMs = 10_000;

export function createLifecycle(log: Logger): Lifecycle {
  const parts: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];
  let closing: Promise<void> | null = null;
  const closeAll = async () => {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        await withinTime(part.close, closeTimeoutMs);
      } catch (error) {
        log.error({ part: part.name, err: error }, 'part did not close');
      }
    }
  };
  return {
    add: (name, close) => void parts.push({ name, close }),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function withinTime(run: () => void | Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not closed within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([run(), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
