/**
 * The trial process's side of the conversation with its agent: runs one trial at a time, gives it its context, and
 * answers with exactly one of `succeeded`, `failed`, `stopped`, `paused`.
 */
import type { TrialAssignment } from '../../core/assignment.ts';
import { systemClock } from '../../platform/clock.ts';
import { type CheckpointKeeper, createCheckpointKeeper } from './checkpoint-keeper.ts';
import type { ResumePoint, TrialContext } from './context.ts';
import { failureOf, TrialError, TrialPaused } from './failure.ts';
import type { FromTrialProcess, ToTrialProcess } from './messages.ts';
import { loadRunner } from './run.ts';
import type { TrialSettings } from './settings.ts';
import { createSharedFileRequests, type SharedFileRequests } from './shared-file-requests.ts';

/** Signs of life are sent at most this often, milliseconds. */
const aliveIntervalMs = 1000;

/** The handler for messages of the agent. */
export function serveTrials(
  settings: TrialSettings,
  send: (message: FromTrialProcess) => void,
): (message: ToTrialProcess) => void {
  let stopRunning = new AbortController();
  let goesOn = false;
  const requests = createSharedFileRequests(send);

  const serve = async (assignment: TrialAssignment, resume: ResumePoint | null) => {
    stopRunning = new AbortController();
    const { signal } = stopRunning;
    const life = createLifeSigns(send);
    const keeper = createCheckpointKeeper({
      everyMs: settings.checkpointMs,
      folder: settings.outgoingDir,
      clock: systemClock,
      send,
    });
    const { dataDir, cacheBytes } = settings;
    const given = { assignment, resume, dataDir, cacheBytes, signal };
    const context = createContext({ ...given, ask: requests.ask, life, keeper, send });
    try {
      assertGoesOn(assignment, resume);
      const run = await loadRunner(assignment.definition.run.kind, settings);
      const success = await run(context);
      if (!Number.isFinite(success.selectionValue)) {
        throw new TrialError('NAN_LOSS', `The selection value is ${success.selectionValue}`);
      }
      send({ kind: 'succeeded', success, residentBytes: process.memoryUsage.rss() });
    } catch (error) {
      if (error instanceof TrialPaused) {
        return send({ kind: 'paused', residentBytes: process.memoryUsage.rss() });
      }
      if (signal.aborted) {
        if (goesOn) await keeper.handOver();
        return send({ kind: 'stopped', residentBytes: process.memoryUsage.rss() });
      }
      const { kind, message } = failureOf(error);
      send({ kind: 'failed', failureKind: kind, message });
    } finally {
      life.end();
    }
  };

  return (message) => {
    switch (message.kind) {
      case 'describe':
        return void describe(settings, send);
      case 'run':
        return void serve(message.assignment, message.resume);
      case 'stop':
        goesOn = message.goesOn;
        return stopRunning.abort();
      default:
        return requests.answer(message);
    }
  };
}

async function describe(settings: TrialSettings, send: (message: FromTrialProcess) => void): Promise<void> {
  try {
    const { describeHost } = await import('./describe.ts');
    send({ kind: 'described', description: await describeHost(settings) });
  } catch (error) {
    const { kind, message } = failureOf(error);
    send({ kind: 'failed', failureKind: kind, message });
  }
}

interface LifeSigns {
  /** The trial got on; `phase` names what it does where it says so. */
  sign(phase?: string): void;
  end(): void;
}

/** Passes the trial's own signs of life on, many of them as one. A silent trial sends nothing. */
function createLifeSigns(send: (message: FromTrialProcess) => void): LifeSigns {
  let signed = false;
  let phase = '';
  const timer = setInterval(() => {
    if (signed) send({ kind: 'alive', phase, residentBytes: process.memoryUsage.rss() });
    signed = false;
  }, aliveIntervalMs);
  return {
    sign: (text) => {
      signed = true;
      phase = text ?? phase;
    },
    end: () => clearInterval(timer),
  };
}

interface ContextParts extends Pick<TrialContext, 'assignment' | 'resume' | 'dataDir' | 'cacheBytes' | 'signal'> {
  readonly ask: SharedFileRequests['ask'];
  readonly life: LifeSigns;
  readonly keeper: CheckpointKeeper;
  readonly send: (message: FromTrialProcess) => void;
}

function createContext({ ask, life, keeper, send, ...given }: ContextParts): TrialContext {
  return {
    ...given,
    report: (step, values) => {
      life.sign();
      send({ kind: 'measurement', step, values });
      assertFinite(step, values);
    },
    phase: (text) => life.sign(text),
    warn: (message) => send({ kind: 'warning', message }),
    checkpoint: async (step, capture) => {
      life.sign();
      if (step !== given.assignment.untilStep) return keeper.offer(step, capture);
      await keeper.keep(step, capture);
      throw new TrialPaused(step);
    },
    sharedFile: (scope, key, build, expectedBytes = 0) => {
      life.sign();
      return ask({ scope, key, expectedBytes }, build, given.signal);
    },
    yieldNow: () => {
      life.sign();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** An attempt that was lost between its last checkpoint and its word that it pauses left nothing to do. */
function assertGoesOn({ untilStep }: TrialAssignment, resume: ResumePoint | null): void {
  if (untilStep !== null && resume !== null && resume.step >= untilStep) throw new TrialPaused(resume.step);
}

function assertFinite(step: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isFinite(value)) throw new TrialError('NAN_LOSS', `${name} is ${value} at step ${step}`);
  }
}
