import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createDeferred, sleep } from '../platform/async.ts';
import type { Logger } from '../platform/logger.ts';
import type { CacheFolder } from './cache-folder.ts';
import type { WorkerConfig } from './config.ts';
import type { ProcessEnd } from './process-failure.ts';
import type { FromTrialProcess, ToTrialProcess } from './trial/messages.ts';
import type { TrialSettings } from './trial/settings.ts';

/** What every trial process of an agent is told. */
export function trialSettings(
  { backend, dataDir, checkpointMs }: Pick<WorkerConfig, 'backend' | 'dataDir' | 'checkpointMs'>,
  cache: Pick<CacheFolder, 'outgoingDir' | 'maxBytes'>,
): TrialSettings {
  return { backend, dataDir, checkpointMs, outgoingDir: cache.outgoingDir, cacheBytes: cache.maxBytes };
}

export interface TrialProcessOptions {
  readonly settings: TrialSettings;
  readonly heapMb: number;
  readonly log: Logger;
}

/** A child process that serves trials. */
export interface TrialProcess {
  readonly pid: number | undefined;
  /** Settles when the process listens. */
  readonly ready: Promise<void>;
  /** Settles when the process is gone, never rejects. */
  readonly ended: Promise<ProcessEnd>;
  send(message: ToTrialProcess): void;
  /** Sets the one receiver of messages. */
  listen(listener: (message: FromTrialProcess) => void): void;
  /** SIGKILL. */
  kill(): void;
  /** Lets the process go: it exits when the channel closes, and is killed where it does not. */
  close(): Promise<void>;
}

/** Lines of standard error that are kept to explain a crash. */
const keptLines = 40;
/** A process that was let go has this long to exit, milliseconds. */
const closeGraceMs = 2000;
/** Output may still arrive after the exit; it is waited for no longer than this, milliseconds. */
const outputGraceMs = 500;

const entry = new URL('./trial/process.js', import.meta.url);

/** Starts a trial process; what it prints goes to the log. */
export function startTrialProcess(options: TrialProcessOptions): TrialProcess {
  const child = fork(entry, [JSON.stringify(options.settings)], {
    execArgv: [`--max-old-space-size=${options.heapMb}`, '--enable-source-maps'],
    // Structured clone: NaN and infinities survive.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const stderr = keepOutput(child, options.log);
  const ended = watchEnd(child, stderr);
  const ready = createDeferred<void>();
  let listener: (message: FromTrialProcess) => void = () => undefined;
  child.on('message', (message) => {
    const received = message as FromTrialProcess;
    if (received.kind === 'ready') ready.resolve();
    else listener(received);
  });
  const kill = () => void child.kill('SIGKILL');
  return {
    pid: child.pid,
    ready: ready.promise,
    ended,
    // A process that is gone is noticed by `ended`; what was meant for it is lost.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    listen: (next) => {
      listener = next;
    },
    kill,
    close: async () => {
      if (child.connected) child.disconnect();
      const hurry = new AbortController();
      void sleep(closeGraceMs, hurry.signal).then((passed) => passed && kill());
      await ended;
      hurry.abort();
    },
  };
}

/** Logs every line and keeps the last ones of standard error. */
function keepOutput(child: ChildProcess, log: Logger): readonly string[] {
  const kept: string[] = [];
  for (const [stream, name] of [
    [child.stdout!, 'stdout'],
    [child.stderr!, 'stderr'],
  ] as const) {
    createInterface({ input: stream }).on('line', (line) => {
      log.debug({ trialProcess: child.pid, stream: name, line }, 'trial process wrote');
      if (name === 'stderr') kept.push(line);
      if (kept.length > keptLines) kept.shift();
    });
  }
  return kept;
}

function watchEnd(child: ChildProcess, stderr: readonly string[]): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    let outputTimer: NodeJS.Timeout | undefined;
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(outputTimer);
      resolve({ code, signal, stderr: stderr.join('\n') });
    };
    child.once('close', settle);
    child.once('exit', (code, signal) => {
      outputTimer = setTimeout(settle, outputGraceMs, code, signal);
    });
    // It could not be started, or a message could not be delivered; the latter shows as an end of its own.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, stderr: error.message });
    });
  });
}
