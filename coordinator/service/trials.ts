import type { Page } from '../../core/api/page.ts';
import type { MeasurementsAnswer, TrialAnswer, TrialDetail } from '../../core/api/trial.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TrialId } from '../../core/ids.ts';
import type { TrialState } from '../../core/trial.ts';
import type { Store } from '../store/store.ts';

export interface TrialQuery {
  readonly state: TrialState | null;
  /** Position of the last trial of the page before; null for the first page. */
  readonly after: number | null;
  readonly limit: number;
}

export interface TrialService {
  /** In the order in which they are claimed. @throws {AbkdError} NOT_FOUND */
  list(sweep: SweepId, query: TrialQuery): Promise<Page<TrialAnswer>>;
  /** @throws {AbkdError} NOT_FOUND */
  get(id: TrialId): Promise<TrialDetail>;
  /** @throws {AbkdError} NOT_FOUND */
  measurements(id: TrialId): Promise<MeasurementsAnswer>;
}

export function createTrialService(store: Store): TrialService {
  return {
    list: async (sweep, query) => {
      if ((await store.findSweep(sweep)) === null) throw notFound('sweep', sweep);
      // One more than asked for tells whether there is another page.
      const rows = await store.listTrials({ sweep, ...query, limit: query.limit + 1 });
      const items = rows.slice(0, query.limit);
      const next = rows.length > query.limit ? String(items.at(-1)!.position) : null;
      return { items: items.map(({ position: _, ...trial }) => trial), next };
    },
    get: async (id) => {
      const found = await store.findTrial(id);
      if (found === null) throw notFound('trial', id);
      return { ...found.trial, history: found.history };
    },
    measurements: async (id) => {
      const found = await store.listMeasurements(id);
      if (found === null) throw notFound('trial', id);
      return { trialId: id, attempt: found.attempt, measurements: found.measurements };
    },
  };
}

export function notFound(kind: 'sweep' | 'trial', id: string): AbkdError {
  return new AbkdError('NOT_FOUND', `Cannot find ${kind} "${id}": there is none with this id`);
}
