/** A real coordinator process on a database of the test, spoken to over REST. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '../../core/api/page.ts';
import type { CreatedSweep, SweepAnswer } from '../../core/api/sweep.ts';
import type { MeasurementsAnswer, TrialAnswer, TrialDetail } from '../../core/api/trial.ts';
import type { RunDefinition } from '../../core/task.ts';
import type { Program, Programs } from './processes.ts';

export interface CoordinatorProgram {
  readonly program: Program;
  readonly http: string;
  /** HOST:PORT. */
  readonly grpc: string;
}

/** Short enough for tests, long enough for two busy cores. */
export const leaseSeconds = 2;

export async function startCoordinatorProgram(
  programs: Programs,
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CoordinatorProgram> {
  const program = programs.start('cli/main.js', ['coordinator'], {
    DATABASE_URL: databaseUrl,
    ABKD_HTTP_PORT: '0',
    ABKD_GRPC_PORT: '0',
    ABKD_LEASE_SECONDS: String(leaseSeconds),
    ABKD_RENEW_SECONDS: String(leaseSeconds / 4),
    ABKD_POLL_SECONDS: '0.2',
    ...env,
  });
  const [, http, grpc] = await program.line(/ready http=(\S+) grpc=(\S+)/);
  return { program, http: http!, grpc: grpc! };
}

/** A folder for one test file. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'abkd-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

type NoopRun = Extract<RunDefinition, { kind: 'noop' }>;

export interface NoopSweep {
  readonly run?: Partial<NoopRun>;
  /** Values of alpha; each is a point. @default one */
  readonly cells?: number;
  readonly limits?: Readonly<Record<string, number>>;
}

/** Submits a sweep that trains nothing. */
export async function submitNoop(http: string, { run, cells = 1, limits = {} }: NoopSweep): Promise<string> {
  const spec = {
    name: 'noop',
    tasks: [{ dataset: 'mnist', teacher: { model: 'cnn-m' }, student: { model: 'cnn-s' } }],
    objectives: [{ kind: 'abkd', beta: 0.5 }],
    search: { space: { alpha: { values: Array.from({ length: cells }, (_, index) => (index + 1) / 10) } } },
    run: { kind: 'noop', durationMs: 200, steps: 2, ...run },
    limits: { retries: 0, ...limits },
  };
  const created = await request<CreatedSweep>(`${http}/api/v1/sweeps`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  });
  return created.id;
}

export function cancelSweep(http: string, id: string): Promise<unknown> {
  return request(`${http}/api/v1/sweeps/${id}/cancel`, { method: 'POST' });
}

export function getSweep(http: string, id: string): Promise<SweepAnswer> {
  return request(`${http}/api/v1/sweeps/${id}`);
}

/** All trials of a small sweep with their attempts. */
export async function getTrials(http: string, sweepId: string): Promise<readonly TrialDetail[]> {
  const page = await request<Page<TrialAnswer>>(`${http}/api/v1/sweeps/${sweepId}/trials`);
  return Promise.all(page.items.map(({ id }) => request<TrialDetail>(`${http}/api/v1/trials/${id}`)));
}

export async function countMeasurements(http: string, trialId: string): Promise<number> {
  const { measurements } = await request<MeasurementsAnswer>(`${http}/api/v1/trials/${trialId}/measurements`);
  return measurements.length;
}

async function request<Answer>(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${url}: ${response.status} ${JSON.stringify(body)}`);
  return body as Answer;
}
