import type { SweepAnswer } from '../../core/api/sweep.ts';
import { AbkdError } from '../../core/errors.ts';
import { isUuid, type SweepId } from '../../core/ids.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import { createBell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  type GetBestRequest,
  type ListSweepsRequest,
  SweepAction,
  type SweepServiceServer,
  type WatchSweepResponse,
} from '../../proto/gen/abkd/v1/sweep.ts';
import type { Bus } from '../bus/bus.ts';
import type { SummaryService } from '../service/summary.ts';
import type { SweepService } from '../service/sweeps.ts';
import { notFound } from '../service/trials.ts';
import type { SummaryFilter } from '../store/store.ts';
import { serverStream, unary } from './handlers.ts';

export interface SweepHandlerOptions {
  readonly sweeps: SweepService;
  readonly summary: SummaryService;
  readonly bus: Bus;
  /** Aborts when the coordinator stops. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

const defaultPage = 50;
const maxPage = 200;
const watchEveryMs = 1_000;

/** The REST answers for programs that prefer gRPC. */
export function createSweepHandlers(options: SweepHandlerOptions): SweepServiceServer {
  const { sweeps, summary, log } = options;
  return {
    // YAML reads JSON as well.
    createSweep: unary(log, async ({ spec }) => {
      const { id, state, tasks, plannedTrials, warnings } = await sweeps.create(spec, 'application/yaml');
      return { id, state, tasks, plannedTrials, warnings: [...warnings] };
    }),
    getSweep: unary(log, async ({ id }) => ({ sweep: JSON.stringify(await sweeps.get(readSweepId(id))) })),
    listSweeps: unary(log, async (request) => ({ page: JSON.stringify(await sweeps.list(readPage(request))) })),
    controlSweep: unary(log, async ({ id, action }) => {
      if (action !== SweepAction.SWEEP_ACTION_CANCEL) {
        throw new AbkdError('BAD_REQUEST', `Cannot control sweep "${id}": action ${action}, expected 1 (cancel)`);
      }
      return { state: await sweeps.cancel(readSweepId(id)) };
    }),
    watchSweep: serverStream(log, ({ id }, signal) => watch(readSweepId(id), signal, options)),
    getBest: unary(log, async (request) => ({ summary: JSON.stringify(await summary.read(readFilter(request))) })),
  };
}

async function* watch(
  id: SweepId,
  left: AbortSignal,
  { sweeps, bus, stopping }: SweepHandlerOptions,
): AsyncIterable<WatchSweepResponse> {
  const bell = createBell();
  const unsubscribe = bus.subscribe(bell.ring);
  const signal = AbortSignal.any([left, stopping]);
  try {
    let sent = '';
    while (!signal.aborted) {
      bell.arm();
      const answer = await sweeps.get(id);
      const shown = JSON.stringify(withoutEstimate(answer));
      if (shown !== sent) yield { sweep: JSON.stringify(answer) };
      sent = shown;
      if (isFinalSweepState(answer.state)) return;
      await bell.wait(watchEveryMs, signal);
    }
  } finally {
    unsubscribe();
  }
  throw new AbkdError('UNAVAILABLE', 'Cannot go on watching: the coordinator is stopping');
}

/** The estimate moves with the clock alone; that is no change to tell. */
function withoutEstimate(answer: SweepAnswer): SweepAnswer {
  return { ...answer, etaSeconds: null };
}

function readSweepId(id: string): SweepId {
  if (!isUuid(id)) throw notFound('sweep', id);
  return id as SweepId;
}

function readPage({ cursor, limit }: ListSweepsRequest): { readonly before: bigint | null; readonly limit: number } {
  if (!/^\d{0,18}$/.test(cursor)) {
    throw new AbkdError('BAD_REQUEST', 'Cannot list sweeps: cursor is not one that a page gave');
  }
  if (limit > maxPage) {
    throw new AbkdError('BAD_REQUEST', `Cannot list sweeps: limit is ${limit}, expected 1 to ${maxPage}`);
  }
  return { before: cursor === '' ? null : BigInt(cursor), limit: limit === 0 ? defaultPage : limit };
}

function readFilter({ dataset, student, teacher, sweep, objective }: GetBestRequest): SummaryFilter {
  return {
    ...(dataset === '' ? {} : { dataset }),
    ...(student === '' ? {} : { student }),
    ...(teacher === '' ? {} : { teacher }),
    ...(sweep === '' ? {} : { sweep: readSweepId(sweep) }),
    ...(objective === '' ? {} : { objective }),
  };
}
