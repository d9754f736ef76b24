import type { Measurement } from '../../core/measurement.ts';
import type { Database } from './database.ts';
import { attemptColumns, toAttemptAnswer, toTrialAnswer, trialColumns } from './rows.ts';
import { readSummaryRows } from './sql/read-summary-rows.ts';
import type { Store } from './store.ts';

type TrialVerbs = Pick<Store, 'listTrials' | 'findTrial' | 'listMeasurements' | 'readSummaryRows'>;

/** The part of the store that reads trials and what they gave. */
export function createTrialVerbs({ prisma, query, during }: Database): TrialVerbs {
  return {
    listTrials: ({ sweep, state, after, limit }) =>
      during('list trials', async () => {
        const rows = await prisma.trial.findMany({
          where: {
            sweepId: sweep,
            ...(state === null ? {} : { state }),
            ...(after === null ? {} : { position: { gt: after } }),
          },
          orderBy: { position: 'asc' },
          take: limit,
          include: trialColumns,
        });
        return rows.map(toTrialAnswer);
      }),
    findTrial: (id) =>
      during('read the trial', async () => {
        const row = await prisma.trial.findUnique({
          where: { id },
          include: { ...trialColumns, attempts: { orderBy: { number: 'asc' }, include: attemptColumns } },
        });
        if (row === null) return null;
        const { position: _, ...trial } = toTrialAnswer(row);
        return { trial, history: row.attempts.map(toAttemptAnswer) };
      }),
    listMeasurements: (id) =>
      during('read the measurements of the trial', async () => {
        const trial = await prisma.trial.findUnique({ where: { id }, select: { attempt: true } });
        if (trial === null) return null;
        const rows = await prisma.measurement.findMany({
          where: { trialId: id, attempt: trial.attempt },
          orderBy: { step: 'asc' },
        });
        const measurements = rows.map(({ step, values }) => ({ step, values: values as Measurement['values'] }));
        return { attempt: trial.attempt, measurements };
      }),
    readSummaryRows: (filter) => during('read the results', () => readSummaryRows(query, filter)),
  };
}
