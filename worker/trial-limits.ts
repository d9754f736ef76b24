import type { TrialFailure } from '../core/trial.ts';

export interface LimitWatch {
  /** The trial gave a sign of life. */
  sign(): void;
  /** The trial was told to stop and has this long. */
  stopWithin(graceMs: number): void;
  end(): void;
}

export interface LimitWatchOptions {
  readonly timeoutMs: number;
  /** Longest silence. */
  readonly stallMs: number;
  /** True while silence is no sign of trouble. */
  readonly mayBeSilent: () => boolean;
  /** Called once, with the limit that was exceeded first. */
  readonly onExceeded: (failure: TrialFailure) => void;
}

/** Longest delay that a timer takes; limits beyond it (24.8 days) count as this. */
const maxTimerMs = 2 ** 31 - 1;

/** Watches the limits of a running trial: its time, its silence, and its grace once it was told to stop. */
export function watchLimits({ timeoutMs, stallMs, mayBeSilent, onExceeded }: LimitWatchOptions): LimitWatch {
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    for (const timer of timers) clearTimeout(timer);
  };
  const exceed = (failure: TrialFailure) => {
    end();
    onExceeded(failure);
  };
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(act, Math.min(ms, maxTimerMs));
    timers.push(timer);
    return timer;
  };
  after(timeoutMs, () => exceed({ kind: 'TIMEOUT', message: `The trial ran longer than ${timeoutMs} ms` }));
  const silence = after(stallMs, () => {
    if (mayBeSilent()) silence.refresh();
    else exceed({ kind: 'STALLED', message: `The trial gave no sign of life for ${stallMs} ms` });
  });
  return {
    end,
    sign: () => void silence.refresh(),
    stopWithin: (graceMs) => {
      after(graceMs, () => exceed({ kind: 'STALLED', message: `The trial did not stop within ${graceMs} ms` }));
    },
  };
}
