/**
 * Slots of a worker: each holds at most one trial process, which serves successive trials on the same data and student
 * so that both, and compiled kernels, stay warm. The objectives of a pair are tasks of their own but share all that;
 * changing processes between them would cost more than a short trial. A process is replaced after a failure, after too
 * much growth, and for other data or another student.
 */

import type { TrialAssignment } from '../core/assignment.ts';
import type { AttemptOutcome } from '../core/attempt.ts';
import type { TaskDefinition } from '../core/task.ts';
import type { Logger } from '../platform/logger.ts';
import type { SlotLimits } from './config.ts';
import { type SupervisedTrial, superviseTrial, type TrialEnd, type TrialEvents } from './supervise.ts';
import type { TrialSettings } from './trial/settings.ts';
import { startTrialProcess, type TrialProcess } from './trial-process.ts';

export interface RunningTrial {
  readonly ended: Promise<AttemptOutcome>;
  /** `goesOn`: the trial leaves its state behind. */
  stop(goesOn: boolean): void;
}

export interface Slots {
  free(): number;
  /** Runs a trial in a free slot; null where there is none. */
  start(assignment: TrialAssignment, events: TrialEvents): RunningTrial | null;
  /** Ends all processes. */
  close(): Promise<void>;
}

export interface SlotsOptions {
  readonly count: number;
  readonly limits: SlotLimits;
  readonly settings: TrialSettings;
  readonly log: Logger;
  /** Called when a slot has become free. */
  readonly onFree: () => void;
}

interface Slot {
  busy: boolean;
  warm: WarmProcess | null;
}

interface WarmProcess {
  readonly process: TrialProcess;
  /** What its trials have in common; see `warmthOf`. */
  readonly warmth: string;
  /** Memory after its first trial; null before. */
  firstBytes: number | null;
}

export function createSlots(options: SlotsOptions): Slots {
  const slots: Slot[] = Array.from({ length: options.count }, () => ({ busy: false, warm: null }));
  return {
    free: () => slots.filter((slot) => !slot.busy).length,
    start: (assignment, events) => {
      const warmth = warmthOf(assignment.definition);
      const slot = chooseSlot(slots, warmth);
      return slot === undefined ? null : runInSlot(slot, { assignment, warmth, events }, options);
    },
    close: async () => {
      await Promise.all(slots.map(release));
    },
  };
}

/** Equal for trials that one process can serve with what it already holds. */
function warmthOf({ dataset, student, training, selectOn, splitSeed, run }: TaskDefinition): string {
  return JSON.stringify([dataset, student, training, selectOn, splitSeed, run.kind]);
}

/** A free slot that is warm for the trial, else an empty one, else one that has to change. */
function chooseSlot(slots: readonly Slot[], warmth: string): Slot | undefined {
  const free = slots.filter((slot) => !slot.busy);
  return free.find((slot) => slot.warm?.warmth === warmth) ?? free.find((slot) => slot.warm === null) ?? free[0];
}

interface StartedTrial {
  readonly assignment: TrialAssignment;
  readonly warmth: string;
  readonly events: TrialEvents;
}

function runInSlot(slot: Slot, { assignment, warmth, events }: StartedTrial, options: SlotsOptions): RunningTrial {
  slot.busy = true;
  const stopped = new AbortController();
  let trial: SupervisedTrial | null = null;
  const run = async (): Promise<AttemptOutcome> => {
    const [warm, resume] = await Promise.all([processFor(slot, warmth, options), events.resume(stopped.signal)]);
    trial = superviseTrial(warm.process, { assignment, resume }, options.limits, events);
    // It has done nothing yet that it could leave behind.
    if (stopped.signal.aborted) trial.stop(false);
    const end = await trial.ended;
    void settleSlot(slot, warm, end, options);
    return end.outcome;
  };
  return {
    ended: run(),
    stop: (goesOn) => {
      stopped.abort();
      trial?.stop(goesOn);
    },
  };
}

/** The slot's process if it is warm for the trial, else a new one; the old one is gone before the new one takes its memory. */
async function processFor(slot: Slot, warmth: string, options: SlotsOptions): Promise<WarmProcess> {
  if (slot.warm?.warmth === warmth) return slot.warm;
  await release(slot);
  const process = startTrialProcess({ settings: options.settings, heapMb: options.limits.heapMb, log: options.log });
  const warm: WarmProcess = { process, warmth, firstBytes: null };
  slot.warm = warm;
  void process.ended.then(() => {
    if (slot.warm === warm) slot.warm = null;
  });
  return warm;
}

async function settleSlot(slot: Slot, warm: WarmProcess, end: TrialEnd, options: SlotsOptions): Promise<void> {
  const { residentBytes } = end;
  warm.firstBytes ??= residentBytes;
  const grown = residentBytes !== null && residentBytes > (warm.firstBytes ?? 0) + options.limits.growthBytes;
  if (grown) {
    const { firstBytes, process } = warm;
    options.log.warn(
      { trialProcess: process.pid, firstBytes, residentBytes, limitBytes: options.limits.growthBytes },
      'trial process replaced: its memory grew beyond the limit',
    );
  }
  if (residentBytes === null || grown) await release(slot);
  slot.busy = false;
  options.onFree();
}

async function release(slot: Slot): Promise<void> {
  const { warm } = slot;
  slot.warm = null;
  await warm?.process.close();
}
