/** Decides which of the states that a trial offers are worth a file. Lives in the trial process, one per trial. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { CaptureState, WriteState } from './context.ts';
import type { FromTrialProcess } from './messages.ts';

export interface CheckpointKeeper {
  /** Called by the trial after every step. */
  offer(step: number, capture: CaptureState): Promise<void>;
  /** Hands this state to the agent, however soon it comes after the one before. */
  keep(step: number, capture: CaptureState): Promise<void>;
  /** Hands the last captured state to the agent, unless it has it. Never rejects: a trial does not fail for it. */
  handOver(): Promise<void>;
}

export interface CheckpointKeeperOptions {
  /** Time between two files; 0 = one after every step. */
  readonly everyMs: number;
  /** Where files are written; their names begin with this process's id. */
  readonly folder: string;
  readonly clock: Clock;
  readonly send: (message: FromTrialProcess) => void;
}

/** Copying a state costs little, but not nothing: steps that follow each other faster than this are not all copied. */
const captureEveryMs = 1_000;

export function createCheckpointKeeper({ everyMs, folder, clock, send }: CheckpointKeeperOptions): CheckpointKeeper {
  const startedMs = clock.now();
  let capturedMs = startedMs;
  let handedOverMs = startedMs;
  let captured: { readonly step: number; readonly write: WriteState } | null = null;

  const handOver = async () => {
    if (captured === null) return;
    const { step, write } = captured;
    captured = null;
    const path = join(folder, `${process.pid}-${randomUUID()}`);
    try {
      await write(path);
      send({ kind: 'checkpoint', step, path });
    } catch (error) {
      await rm(path, { force: true });
      send({ kind: 'warning', message: `The checkpoint of step ${step} is not written: ${messageOf(error)}` });
    }
  };
  return {
    handOver,
    offer: async (step, capture) => {
      const nowMs = clock.now();
      if (nowMs - capturedMs < Math.min(everyMs, captureEveryMs)) return;
      captured = { step, write: await capture() };
      capturedMs = nowMs;
      if (nowMs - handedOverMs < everyMs) return;
      handedOverMs = nowMs;
      await handOver();
    },
    keep: async (step, capture) => {
      captured = { step, write: await capture() };
      await handOver();
    },
  };
}
