import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readState, type UpState } from '../../coordinator/embedded/state.ts';
import type { Page } from '../../core/api/page.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import type { TrialAnswer, TrialDetail } from '../../core/api/trial.ts';
import type { Program, Programs } from './processes.ts';

export interface StartedUp {
  readonly program: Program;
  readonly httpUrl: string;
  readonly grpcAddress: string;
}

/** Trials are to be found lost quickly, and no time is spent on finding the best backend. */
const quickSettings = { ABKD_LEASE_SECONDS: '3', ABKD_RENEW_SECONDS: '1', ABKD_BACKEND: 'cpu' };

/** Starts `abkd up` on a home with any free ports and waits for its `ready` line. */
export async function startUp(
  programs: Programs,
  home: string,
  options: { readonly workers: number; readonly env?: Readonly<Record<string, string>> },
): Promise<StartedUp> {
  const args = ['up', '--home', home, '--workers', String(options.workers), '--http-port', '0', '--grpc-port', '0'];
  const program = programs.start('cli/main.js', args, { ...quickSettings, ...options.env });
  const [, httpUrl, grpcAddress] = await program.line(/^ready http=(\S+) grpc=(\S+)$/);
  return { program, httpUrl: httpUrl!, grpcAddress: grpcAddress! };
}

/** Processes that an `abkd up` on this home has recorded, itself left out. */
export async function recordedPids(home: string): Promise<readonly number[]> {
  const postmaster = await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8');
  const { workers } = await stateOf(home);
  return [Number(postmaster.split('\n')[0]), ...workers.map(({ process }) => process.pid)];
}

/** @throws where nothing is recorded */
export async function stateOf(home: string): Promise<UpState> {
  const state = await readState(home);
  if (state === null) throw new Error(`No state in ${home}`);
  return state;
}

/** Ends everything that a home records, for tests that failed half-way. */
export async function killRecorded(home: string): Promise<void> {
  for (const pid of await recordedPids(home).catch(() => [])) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export async function readJson<Answer>(url: string): Promise<Answer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

export async function submitSpec(httpUrl: string, spec: string): Promise<string> {
  const headers = { 'content-type': 'application/yaml' };
  const response = await fetch(`${httpUrl}/api/v1/sweeps`, { method: 'POST', headers, body: spec });
  if (response.status !== 201) throw new Error(`Submitting was answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

export function readSweep(httpUrl: string, id: string): Promise<SweepAnswer> {
  return readJson(`${httpUrl}/api/v1/sweeps/${id}`);
}

/** Every trial of a sweep with its attempts. */
export async function readTrials(httpUrl: string, id: string): Promise<readonly TrialDetail[]> {
  const { items } = await readJson<Page<TrialAnswer>>(`${httpUrl}/api/v1/sweeps/${id}/trials?limit=500`);
  return Promise.all(items.map((trial) => readJson<TrialDetail>(`${httpUrl}/api/v1/trials/${trial.id}`)));
}
