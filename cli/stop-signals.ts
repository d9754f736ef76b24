import { systemClock } from '../platform/clock.ts';

/** How the user ends a program that runs until it is told to stop. */
export interface StopSignals {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly stop: AbortSignal;
  /** Aborts at the second. */
  readonly hasten: AbortSignal;
  /** Resolves when `stop` aborts. */
  readonly stopped: Promise<void>;
}

/** npm hands a Ctrl-C on to a program that the terminal has told already: signals closer than this are one. */
const sameSignalMs = 400;

/** From here on these signals no longer end the process by themselves. */
export function catchStopSignals(): StopSignals {
  const stop = new AbortController();
  const hasten = new AbortController();
  let firstAt = 0;
  const receive = () => {
    const now = systemClock.now();
    if (!stop.signal.aborted) {
      firstAt = now;
      stop.abort();
    } else if (now - firstAt > sameSignalMs) hasten.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, receive);
  const stopped = new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  return { stop: stop.signal, hasten: hasten.signal, stopped };
}
