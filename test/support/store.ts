import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { openStore } from '../../coordinator/store/prisma-store.ts';
import type { Store } from '../../coordinator/store/store.ts';
import type { TrialAssignment } from '../../core/assignment.ts';
import type { TrialSuccess } from '../../core/attempt.ts';
import type { SweepId, TrialId, WorkerId } from '../../core/ids.ts';
import type { WorkerHello } from '../../core/worker.ts';
import { createTestDatabase } from './database.ts';

export const leaseMs = 30_000;

/** The real store on a database of its own, with a way to look into it and to turn its clocks back. */
export interface TestStore {
  readonly store: Store;
  readonly connectionString: string;
  sql<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Attaches a worker that has these datasets. */
  attach(datasets?: readonly string[]): Promise<WorkerId>;
  claim(workerId: WorkerId, limit?: number): Promise<readonly TrialAssignment[]>;
  /** Makes the leases of these trials run out a minute ago; of all where none are named. */
  passLeases(trials?: readonly TrialId[]): Promise<void>;
  /** Makes every queued trial claimable at once, whatever its back-off. */
  passBackoff(): Promise<void>;
  trial(id: TrialId): Promise<TrialColumns>;
  attemptStates(id: TrialId): Promise<readonly string[]>;
  sweepState(id: SweepId): Promise<string>;
}

export interface TrialColumns {
  readonly state: string;
  readonly attempt: number;
  readonly failures: number;
  readonly losses: number;
  readonly selection_value: number | null;
  readonly test_value: number | null;
  readonly failure_kind: string | null;
  readonly failure_message: string | null;
  readonly finished_at: Date | null;
  /** Seconds from now until it may be claimed. */
  readonly delay: number;
}

/** For one test: closed and dropped when the test is over. */
export async function openTestStore(): Promise<TestStore> {
  const { connectionString, drop } = await createTestDatabase();
  const store = openStore({ connectionString });
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => undefined);
  onTestFinished(async () => {
    await store.close();
    await pool.end();
    await drop();
  });
  const sql: TestStore['sql'] = async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    (await pool.query<Row>(text, [...values])).rows;
  return {
    store,
    connectionString,
    sql,
    attach: async (datasets = ['mnist']) => {
      const hello = makeHello(datasets);
      await store.attachWorker(hello);
      return hello.id;
    },
    claim: (workerId, limit = 1) => store.claimTrials({ workerId, limit, leaseMs }),
    passLeases: async (trials) => {
      await sql(
        `UPDATE attempts SET lease_expires_at = now() - interval '1 minute'
          WHERE state = 'ACTIVE' AND ($1::uuid[] IS NULL OR trial_id = ANY ($1))`,
        [trials ?? null],
      );
    },
    passBackoff: async () => {
      await sql('UPDATE trials SET available_at = now()');
    },
    trial: async (id) => {
      const rows = await sql<TrialColumns>(
        'SELECT *, extract(epoch FROM available_at - now())::float8 AS delay FROM trials WHERE id = $1',
        [id],
      );
      return rows[0]!;
    },
    attemptStates: async (id) => {
      const rows = await sql<{ state: string }>('SELECT state FROM attempts WHERE trial_id = $1 ORDER BY number', [id]);
      return rows.map((row) => row.state);
    },
    sweepState: async (id) => (await store.findSweep(id))!.state,
  };
}

export function makeHello(datasets: readonly string[] = ['mnist']): WorkerHello {
  return {
    id: randomUUID() as WorkerId,
    name: 'worker',
    host: 'host',
    pid: 1,
    version: '0.0.0',
    slots: 2,
    devices: [{ kind: 'cuda', name: 'GPU', memoryBytes: 0 }],
    labels: { gpu: 'h200' },
    datasets,
    backend: 'wasm',
    backendVersion: '4.22.0',
    kernelId: 'kernel-1',
  };
}

export function makeSuccess(values: Partial<TrialSuccess> = {}): { readonly kind: 'success' } & TrialSuccess {
  return {
    kind: 'success',
    selectionValue: 91.5,
    testValue: 90.25,
    scaleFactor: null,
    teacherSha256: null,
    extras: { teacherTest: 95 },
    ...values,
  };
}
