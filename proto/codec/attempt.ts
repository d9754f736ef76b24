import type { AttemptKey, AttemptOutcome, WantedAttempt } from '../../core/attempt.ts';
import { AbkdError } from '../../core/errors.ts';
import { isUuid, type TrialId } from '../../core/ids.ts';
import type { Measurement } from '../../core/measurement.ts';
import { FailureKind, type TrialFailure } from '../../core/trial.ts';
import type { AttemptRef, Failure, Measurement as WireMeasurement } from '../gen/abkd/v1/types.ts';
import { type TrialResult, type Wanted, WantedState as WireWantedState } from '../gen/abkd/v1/worker.ts';

export function attemptToWire(key: AttemptKey): AttemptRef {
  return { trialId: key.trialId, attempt: key.attempt };
}

/** Largest integer that the record holds. */
export const maxInteger = 2 ** 31 - 1;

/** @throws {AbkdError} BAD_REQUEST when the reference is missing or malformed */
export function attemptFromWire(wire: AttemptRef | undefined): AttemptKey {
  if (wire === undefined || !isUuid(wire.trialId) || wire.attempt < 1 || wire.attempt > maxInteger) {
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot read attempt: expected a trial UUID and an attempt from 1, got ${JSON.stringify(wire ?? null)}`,
    );
  }
  return { trialId: wire.trialId as TrialId, attempt: wire.attempt };
}

export function measurementToWire(measurement: Measurement): WireMeasurement {
  const values = Object.entries(measurement.values).map(([name, value]) => [name, value ?? Number.NaN] as const);
  return { step: measurement.step, values: Object.fromEntries(values) };
}

/**
 * Values that are not finite become null: JSON and Postgres have no NaN.
 * @throws {AbkdError} BAD_REQUEST when the step is beyond the record's integers, or a name is no name
 */
export function measurementFromWire(wire: WireMeasurement): Measurement {
  if (wire.step > maxInteger) {
    throw new AbkdError('BAD_REQUEST', `Cannot read measurement: step is ${wire.step}, expected at most ${maxInteger}`);
  }
  assertNames(wire.values, 'read measurement');
  const values = Object.entries(wire.values).map(
    ([name, value]) => [name, Number.isFinite(value) ? value : null] as const,
  );
  return { step: wire.step, values: Object.fromEntries(values) };
}

export function outcomeToWire(sequence: number, key: AttemptKey, outcome: AttemptOutcome): TrialResult {
  return { sequence, attempt: attemptToWire(key), outcome: outcomeBodyToWire(outcome) };
}

function outcomeBodyToWire(outcome: AttemptOutcome): NonNullable<TrialResult['outcome']> {
  switch (outcome.kind) {
    case 'success':
      return {
        $case: 'success',
        value: {
          selectionValue: outcome.selectionValue,
          ...(outcome.testValue === null ? {} : { testValue: outcome.testValue }),
          ...(outcome.scaleFactor === null ? {} : { scaleFactor: outcome.scaleFactor }),
          teacherSha256: outcome.teacherSha256 ?? '',
          extras: { ...outcome.extras },
        },
      };
    case 'failure':
      return { $case: 'failure', value: outcome.failure };
    case 'stopped':
      return { $case: 'stopped', value: { requeue: outcome.requeue } };
    case 'paused':
      return { $case: 'paused', value: {} };
  }
}

/** @throws {AbkdError} BAD_REQUEST when the outcome is missing or its values are not finite */
export function outcomeFromWire(wire: TrialResult): AttemptOutcome {
  switch (wire.outcome?.$case) {
    case 'success': {
      const { selectionValue, testValue, scaleFactor, teacherSha256, extras } = wire.outcome.value;
      assertNames(extras, 'accept result');
      for (const [name, value] of Object.entries({ selectionValue, testValue, scaleFactor, ...extras })) {
        if (value !== undefined && !Number.isFinite(value)) {
          throw new AbkdError('BAD_REQUEST', `Cannot accept result: ${name} is ${value}, expected a finite number`);
        }
      }
      if (!/^([0-9a-f]{64})?$/.test(teacherSha256)) {
        throw new AbkdError('BAD_REQUEST', 'Cannot accept result: teacher_sha256 is not a sha256 in lower-case hex');
      }
      return {
        kind: 'success',
        selectionValue,
        testValue: testValue ?? null,
        scaleFactor: scaleFactor ?? null,
        teacherSha256: teacherSha256 === '' ? null : teacherSha256,
        extras,
      };
    }
    case 'failure':
      return { kind: 'failure', failure: failureFromWire(wire.outcome.value) };
    case 'stopped':
      return { kind: 'stopped', requeue: wire.outcome.value.requeue };
    case 'paused':
      return { kind: 'paused' };
    default:
      throw new AbkdError('BAD_REQUEST', 'Cannot accept result: it has no outcome');
  }
}

/** Names of metrics: printable and short. */
function assertNames(values: Readonly<Record<string, number>>, action: string): void {
  const wrong = Object.keys(values).find((name) => !/^[\x20-\x7e]{1,100}$/.test(name));
  if (wrong === undefined) return;
  throw new AbkdError('BAD_REQUEST', `Cannot ${action}: ${JSON.stringify(wrong.slice(0, 100))} is no name of a value`);
}

/** Longest failure text that is stored. */
const maxFailureLength = 4000;

function failureFromWire(wire: Failure): TrialFailure {
  const kind = Object.hasOwn(FailureKind, wire.kind) ? (wire.kind as FailureKind) : FailureKind.EXCEPTION;
  // Postgres has no text with a NUL; the output of a crashed process may have.
  return { kind, message: wire.message.slice(0, maxFailureLength).replaceAll('\0', '\ufffd') };
}

const wantedToWireTable = {
  RUN: WireWantedState.WANTED_STATE_RUN,
  WAIT: WireWantedState.WANTED_STATE_WAIT,
  STOP: WireWantedState.WANTED_STATE_STOP,
} as const;

export function wantedToWire(wanted: WantedAttempt): Wanted {
  return { attempt: attemptToWire(wanted), state: wantedToWireTable[wanted.wanted], reason: wanted.reason };
}

/** An unknown state means RUN: a newer coordinator must not stop trials by accident. */
export function wantedFromWire(wire: Wanted): WantedAttempt {
  const found = Object.entries(wantedToWireTable).find(([, state]) => state === wire.state);
  return {
    ...attemptFromWire(wire.attempt),
    wanted: (found?.[0] ?? 'RUN') as WantedAttempt['wanted'],
    reason: wire.reason,
  };
}
