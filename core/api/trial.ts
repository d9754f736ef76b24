/** REST answers about trials. */
import type { AttemptState } from '../attempt.ts';
import type { Measurement } from '../measurement.ts';
import type { TrialFailure, TrialPurpose, TrialState } from '../trial.ts';

export interface TrialAnswer {
  readonly id: string;
  readonly sweepId: string;
  readonly taskId: string;
  readonly dataset: string;
  readonly objective: string;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly replicate: number;
  readonly seed: number;
  readonly purpose: TrialPurpose;
  readonly state: TrialState;
  /** Epoch at which early stopping judges it next, where it waits, or was stopped; null = it runs to its end. */
  readonly rung: number | null;
  readonly selectionValue: number | null;
  readonly testValue: number | null;
  /** Hash of the teacher's weights: `artifact:sha256:<hash>` names them in another spec. Null before success. */
  readonly teacherSha256: string | null;
  readonly failure: TrialFailure | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
}

export interface TrialDetail extends TrialAnswer {
  readonly history: readonly AttemptAnswer[];
}

export interface AttemptAnswer {
  readonly number: number;
  readonly state: AttemptState;
  readonly workerId: string;
  readonly workerName: string;
  readonly backend: string;
  readonly kernelId: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Epochs of earlier attempts that it went on from; null where it began at the start, or has not come to an epoch. */
  readonly resumedFrom: number | null;
  readonly failure: TrialFailure | null;
}

export interface MeasurementsAnswer {
  readonly trialId: string;
  /** The current attempt. Where it went on from a checkpoint the steps before are those of earlier attempts. */
  readonly attempt: number;
  readonly measurements: readonly Measurement[];
}
