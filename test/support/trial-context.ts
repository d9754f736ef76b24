import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SweepId, TaskId, TrialId } from '../../core/ids.ts';
import type { TaskDefinition } from '../../core/task.ts';
import type { ResumePoint, SharedFile, TrialContext } from '../../worker/trial/context.ts';

/** A trial's context without an agent: shared files are built into a folder, everything told is kept. */
export interface LocalTrialContext extends TrialContext {
  readonly reports: readonly { readonly step: number; readonly values: Readonly<Record<string, number>> }[];
  readonly phases: readonly string[];
  readonly warnings: readonly string[];
  /** Keys that this context built, in order. */
  readonly built: readonly string[];
  stop(): void;
}

export interface LocalTrialOptions {
  readonly definition: TaskDefinition;
  readonly params?: Readonly<Record<string, number>>;
  readonly seed?: number;
  /** Keeps shared files between contexts. */
  readonly cacheDir: string;
  readonly dataDir?: string;
  /** Bound of the host's cache folder. */
  readonly cacheBytes?: number;
  readonly resume?: ResumePoint;
  /** Called with every state that the trial offers. */
  readonly onCheckpoint?: TrialContext['checkpoint'];
}

export function createLocalTrialContext(options: LocalTrialOptions): LocalTrialContext {
  const { definition, params = {}, seed = 1, cacheDir, dataDir = cacheDir, cacheBytes = 1e9 } = options;
  const stopping = new AbortController();
  const reports: LocalTrialContext['reports'][number][] = [];
  const phases: string[] = [];
  const warnings: string[] = [];
  const built: string[] = [];
  return {
    assignment: {
      trialId: '00000000-0000-4000-8000-000000000001' as TrialId,
      attempt: 1,
      sweepId: '00000000-0000-4000-8000-000000000002' as SweepId,
      taskId: '00000000-0000-4000-8000-000000000003' as TaskId,
      definition,
      params,
      seed,
      replicate: 0,
      timeoutMs: 60_000,
      checkpoint: null,
      untilStep: null,
    },
    dataDir,
    cacheBytes,
    signal: stopping.signal,
    report: (step, values) => void reports.push({ step, values }),
    resume: options.resume ?? null,
    phase: (text) => void phases.push(text),
    warn: (text) => void warnings.push(text),
    checkpoint: options.onCheckpoint ?? (() => Promise.resolve()),
    yieldNow: () => new Promise((resolve) => setImmediate(resolve)),
    sharedFile: (_scope, key, build) => obtainFile(join(cacheDir, key.replace(':', '-')), key, build, built),
    reports,
    phases,
    warnings,
    built,
    stop: () => stopping.abort(),
  };
}

const metadataByPath = new Map<string, unknown>();

async function obtainFile(
  path: string,
  key: string,
  build: (path: string) => Promise<unknown>,
  built: string[],
): Promise<SharedFile> {
  if (!existsSync(path)) {
    metadataByPath.set(path, await build(path));
    built.push(key);
  }
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, metadata: metadataByPath.get(path) };
}
