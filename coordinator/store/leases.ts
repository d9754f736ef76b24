import type { TrialAssignment } from '../../core/assignment.ts';
import type { AttemptKey, AttemptOutcome, WantedAttempt } from '../../core/attempt.ts';
import { AbkdError } from '../../core/errors.ts';
import type { TrialState } from '../../core/trial.ts';
import type { Database, Query } from './database.ts';
import { effectOf, withFiniteValues } from './outcome.ts';
import { expireBuilds } from './sql/build-artifact.ts';
import { claimTrials, lockSweepForClaim } from './sql/claim-trials.ts';
import { detachWorkers, expireAttempts } from './sql/expire-attempts.ts';
import { type ClaimableSweep, findClaimable } from './sql/find-claimable.ts';
import { endAttempt, lockAttempt, refuseOutcome } from './sql/finish-attempt.ts';
import { notifyWork } from './sql/notify-work.ts';
import { recordMeasurements } from './sql/record-measurements.ts';
import { recordRung } from './sql/record-rung.ts';
import { type RenewedLease, renewLeases } from './sql/renew-leases.ts';
import type { Store } from './store.ts';

type LeaseVerbs = Pick<
  Store,
  'claimTrials' | 'renewLeases' | 'recordMeasurements' | 'finishAttempt' | 'expireLeases' | 'expireWorkers'
>;

/** The part of the store through which workers get and give back trials. */
export function createLeaseVerbs({ query, transaction, during }: Database): LeaseVerbs {
  return {
    claimTrials: (claim) =>
      during('claim trials', async () => {
        const sweeps = await findClaimable(query, claim.workerId);
        // Most looks of an idle fleet end here, with one statement and no lock.
        if (sweeps.length === 0 || claim.limit < 1) return [];
        return transaction((run) => claimFrom(run, sweeps, claim));
      }),
    renewLeases: (renewal) =>
      during('renew leases', async () => (await renewLeases(query, renewal)).map(toWantedAttempt)),
    recordMeasurements: (key, measurements) =>
      during('store measurements', () => recordMeasurements(query, key, measurements)),
    finishAttempt: (key, outcome) =>
      during('end the attempt', () => transaction((run) => finishAttempt(run, key, withFiniteValues(outcome)))),
    expireLeases: () =>
      during('expire leases', async () => {
        await detachWorkers(query, null);
        return transaction((run) => expire(run, null));
      }),
    expireWorkers: (workers) =>
      during('expire the leases of lost workers', async () => {
        await detachWorkers(query, workers);
        await expireBuilds(query, workers);
        return transaction((run) => expire(run, workers));
      }),
  };
}

/** From the sweeps in their order, until the limit is reached. */
async function claimFrom(
  query: Query,
  sweeps: readonly ClaimableSweep[],
  { workerId, limit, leaseMs }: Parameters<Store['claimTrials']>[0],
): Promise<readonly TrialAssignment[]> {
  const assignments: TrialAssignment[] = [];
  for (const { sweepId, taskIds } of sweeps) {
    if (assignments.length >= limit) break;
    if (!(await lockSweepForClaim(query, sweepId))) continue;
    const left = limit - assignments.length;
    assignments.push(...(await claimTrials(query, { sweepId, taskIds, workerId, limit: left, leaseMs })));
  }
  return assignments;
}

function toWantedAttempt({ trialId, attempt, held, cancelled }: RenewedLease): WantedAttempt {
  if (!held) return { trialId, attempt, wanted: 'STOP', reason: 'lease lost' };
  if (cancelled) return { trialId, attempt, wanted: 'STOP', reason: 'cancelled' };
  return { trialId, attempt, wanted: 'RUN', reason: '' };
}

async function finishAttempt(
  query: Query,
  key: AttemptKey,
  outcome: AttemptOutcome,
): Promise<{ readonly accepted: boolean; readonly trialState: TrialState }> {
  const locked = await lockAttempt(query, key, outcome);
  if (locked === null) {
    throw new AbkdError('NOT_FOUND', `Cannot end attempt ${key.attempt} of trial ${key.trialId}: there is none`);
  }
  if (locked.attemptState === 'ACTIVE') {
    const failures = locked.failures + (outcome.kind === 'failure' ? 1 : 0);
    const effect = effectOf(outcome, { ...locked, failures });
    if (effect.trialState === 'WAITING') await recordRung(query, key.trialId);
    await endAttempt(query, key, outcome, effect);
    if (effect.trialState === 'QUEUED') await notifyWork(query, 'queued');
    return { accepted: true, trialState: effect.trialState };
  }
  await refuseOutcome(query, key, outcome);
  const isAccepted = locked.repeated && locked.attemptState !== 'REFUSED';
  return { accepted: isAccepted, trialState: locked.trialState };
}

async function expire(query: Query, workers: Parameters<typeof expireAttempts>[1]): Promise<readonly AttemptKey[]> {
  const lost = await expireAttempts(query, workers);
  if (lost.length > 0) await notifyWork(query, 'queued');
  return lost;
}
