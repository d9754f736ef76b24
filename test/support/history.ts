/** Reads the whole record and holds it against the rules: nothing lost, nothing counted twice, no illegal state. */
import pg from 'pg';

interface TrialRow {
  readonly id: string;
  readonly point_id: string;
  readonly cell: string;
  readonly replicate: number;
  readonly seed: string;
  readonly state: string;
  readonly attempt: number;
  readonly failures: number;
  readonly losses: number;
  readonly rerun_after: number;
  readonly selection_value: number | null;
  readonly failure_kind: string | null;
  readonly sweep_state: string;
  /** True where a rerun queued a trial of the sweep again that had been tried. */
  readonly sweep_rerun: boolean;
}

interface AttemptRow {
  readonly trial_id: string;
  readonly number: number;
  readonly state: string;
  readonly outcome: { readonly kind: string; readonly selectionValue?: number } | null;
}

export interface History {
  readonly trials: readonly TrialRow[];
  readonly attempts: readonly AttemptRow[];
}

/** Everything of one sweep, or of all; on a connection of its own or on the one given. */
export async function readHistory(database: string | pg.Client, sweepId: string | null = null): Promise<History> {
  if (typeof database !== 'string') return query(database, sweepId);
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    return await query(client, sweepId);
  } finally {
    await client.end();
  }
}

async function query(client: pg.Client, sweepId: string | null): Promise<History> {
  const trials = await client.query<TrialRow>(
    `SELECT t.id, t.point_id, p.cell, t.replicate, t.seed, t.state, t.attempt, t.failures, t.losses,
            t.rerun_after, t.selection_value, t.failure_kind, s.state AS sweep_state,
            bool_or(t.rerun_after > 0) OVER (PARTITION BY t.sweep_id) AS sweep_rerun
       FROM trials t JOIN points p ON p.id = t.point_id JOIN sweeps s ON s.id = t.sweep_id
      WHERE $1::uuid IS NULL OR t.sweep_id = $1`,
    [sweepId],
  );
  const attempts = await client.query<AttemptRow>(
    `SELECT a.trial_id, a.number, a.state, a.outcome
       FROM attempts a JOIN trials t ON t.id = a.trial_id
      WHERE $1::uuid IS NULL OR t.sweep_id = $1
      ORDER BY a.trial_id, a.number`,
    [sweepId],
  );
  return { trials: trials.rows, attempts: attempts.rows };
}

/** Every broken rule, one sentence each. */
export function findViolations({ trials, attempts }: History): readonly string[] {
  const planned = new Set(trials.map(({ point_id, replicate }) => `${point_id}/${replicate}`));
  const twice = planned.size === trials.length ? [] : ['a cell and seed is planned twice'];
  return [...twice, ...trials.flatMap((trial) => violationsOf(trial, attemptsOf(trial, attempts)))];
}

/** @throws where a rule is broken, or a planned cell and seed has not exactly one accepted result */
export async function assertEveryTrialCountedOnce(databaseUrl: string, sweepId: string): Promise<void> {
  const history = await readHistory(databaseUrl, sweepId);
  const unfinished = history.trials.filter(({ state }) => state !== 'SUCCEEDED');
  const violations = [
    ...findViolations(history),
    ...unfinished.map(({ cell, replicate, state }) => `${cell} seed ${replicate} is ${state}, expected SUCCEEDED`),
  ];
  if (history.trials.length === 0) violations.push('the sweep has no trials');
  if (violations.length > 0) throw new Error(`The record is wrong:\n${violations.join('\n')}`);
}

function attemptsOf({ id }: TrialRow, attempts: readonly AttemptRow[]): readonly AttemptRow[] {
  return attempts.filter(({ trial_id }) => trial_id === id);
}

const finalTrialStates: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'PRUNED', 'CANCELLED']);
const finalSweepStates: ReadonlySet<string> = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);

function isLegalUnder({ state, sweep_state }: TrialRow): boolean {
  const mayRunOn = sweep_state === 'CANCELLED' && state === 'RUNNING';
  return !finalSweepStates.has(sweep_state) || finalTrialStates.has(state) || mayRunOn;
}

/** In a sweep that is over, or of which a rerun took up what failed and no more. */
function mayBeCancelled({ sweep_state, sweep_rerun }: TrialRow): boolean {
  return sweep_state === 'CANCELLED' || (sweep_rerun && !finalSweepStates.has(sweep_state));
}

function violationsOf(trial: TrialRow, attempts: readonly AttemptRow[]): readonly string[] {
  const inState = (...states: readonly string[]) => attempts.filter(({ state }) => states.includes(state));
  const sinceRerun = (rows: readonly AttemptRow[]) => rows.filter(({ number }) => number > trial.rerun_after).length;
  const isLatest = (rows: readonly AttemptRow[]) => rows.length === 1 && rows[0]?.number === trial.attempt;
  const [accepted, active] = [inState('SUCCEEDED'), inState('ACTIVE')];
  const value = accepted[0]?.outcome?.selectionValue ?? null;
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [attempts.every(({ number }, index) => number === index + 1), 'attempts are numbered from 1 without gaps'],
    [attempts.length === trial.attempt, `the trial counts its ${attempts.length} attempts`],
    [trial.state === 'SUCCEEDED' ? isLatest(accepted) : accepted.length === 0, 'only the latest attempt is accepted'],
    [trial.selection_value === value, 'the value is that of the accepted attempt'],
    [trial.state === 'RUNNING' ? isLatest(active) : active.length === 0, 'only a running trial has an active attempt'],
    [sinceRerun(inState('FAILED')) === trial.failures, 'failures are counted, from the latest rerun on'],
    [sinceRerun(inState('LOST', 'REFUSED')) === trial.losses, 'losses are counted, from the latest rerun on'],
    [trial.state !== 'FAILED' || trial.failure_kind !== null, 'a failure has its reason'],
    [trial.state !== 'SUCCEEDED' || trial.failure_kind === null, 'a success has no failure'],
    [trial.state !== 'CANCELLED' || mayBeCancelled(trial), 'only a cancelled sweep has cancelled trials'],
    [isLegalUnder(trial), 'a final sweep has final trials; one that was cancelled may still have running ones'],
  ];
  return rules
    .filter(([holds]) => !holds)
    .map(([, rule]) => `${trial.cell} seed ${trial.replicate} (${trial.state}, trial ${trial.id}): broken: ${rule}`);
}
