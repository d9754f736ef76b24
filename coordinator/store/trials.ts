import type { Database } from './database.ts';
import { attemptColumns, toAttemptAnswer, toTrialAnswer, trialColumns } from './rows.ts';
import { readMeasurements } from './sql/read-measurements.ts';
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
        const firsts = await prisma.measurement.groupBy({
          by: 'attempt',
          where: { trialId: id },
          _min: { step: true },
        });
        const firstSteps = new Map(firsts.map(({ attempt, _min }) => [attempt, _min.step]));
        const history = row.attempts.map((attempt) => toAttemptAnswer(attempt, firstSteps.get(attempt.number) ?? null));
        return { trial, history };
      }),
    listMeasurements: (id) =>
      during('read the measurements of the trial', async () => {
        const trial = await prisma.trial.findUnique({ where: { id }, select: { attempt: true } });
        if (trial === null) return null;
        return { attempt: trial.attempt, measurements: await readMeasurements(query, id) };
      }),
    readSummaryRows: (filter) => during('read the results', () => readSummaryRows(query, filter)),
  };
}
