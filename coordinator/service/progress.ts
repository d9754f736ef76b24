import type { SweepAnswer, TaskProgress, TransferProgress } from '../../core/api/sweep.ts';
import type { Clock } from '../../core/clock.ts';
import { certify } from '../../core/coverage.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';
import { addTrialCounts, sumOf } from '../../core/trial-counts.ts';
import type { TransferRow } from '../store/sql/read-transfers.ts';
import type { Store, StoredSweep, StoredTask } from '../store/store.ts';
import { type BestPoints, createBestPointsReader } from './best-points.ts';

/** Tells how far a sweep's tasks are, when it will be done, and what keeps it from running. */
export function createProgressReader(store: Store, clock: Clock): (sweep: StoredSweep) => Promise<SweepAnswer> {
  const readBest = createBestPointsReader(store, clock);
  return async (sweep) => {
    const [tasks, counts, coverage, transfers] = await Promise.all([
      store.listTasks(sweep.id),
      store.countTrials(sweep.id),
      store.countCoverage(sweep.id),
      store.readTransfers(sweep.id),
    ]);
    const transferByTask = new Map(transfers.map((transfer) => [transfer.taskId, describeTransfer(transfer)]));
    const countsByTask = new Map(counts.map((entry) => [entry.taskId, entry.counts]));
    const trials = addTrialCounts([...countsByTask.values()]);
    const best: BestPoints = trials.SUCCEEDED === 0 ? new Map() : await readBest(sweep, trials);
    const isFinal = isFinalSweepState(sweep.state);
    const described = tasks.map((task, index) =>
      describeTask(task, {
        trials: countsByTask.get(task.id) ?? noTrials,
        best: best.get(task.fingerprint) ?? null,
        coverage: certify(coverage[index]!),
        transfer: transferByTask.get(task.id) ?? null,
      }),
    );
    const plannedTrials = described.reduce((sum, task) => sum + task.plannedTrials, 0);
    return {
      ...describeSweep(sweep, trials),
      plannedTrials,
      tasks: described,
      etaSeconds: isFinal ? null : estimateSeconds(sweep.startedAt, trials, plannedTrials, clock),
      unmetNeeds: isFinal ? [] : [...(await describeUnmetNeeds(sweep, trials, store)), ...searchFailures(tasks)],
    };
  };
}

function describeSweep(sweep: StoredSweep, trials: TrialCounts) {
  return {
    id: sweep.id,
    name: sweep.name,
    state: sweep.state,
    createdAt: sweep.createdAt.toISOString(),
    startedAt: sweep.startedAt?.toISOString() ?? null,
    finishedAt: sweep.finishedAt?.toISOString() ?? null,
    trials,
    spec: sweep.spec,
    warnings: sweep.warnings,
  };
}

function describeTask(
  task: StoredTask,
  known: Pick<TaskProgress, 'trials' | 'best' | 'coverage'> & { readonly transfer: TransferProgress | null },
): TaskProgress {
  const { transfer, ...rest } = known;
  const { id, ordinal, dataset, teacher, student, objective, fingerprint, definition, points } = task;
  const { searchState, suggested, plannedPoints, plannedTrials, searchStop: stopped } = task;
  const isOpen = searchState === 'OPEN';
  const planned = suggested + (isOpen ? plannedPoints - points : 0);
  return {
    ...{ id, ordinal, dataset, teacher, student, objective, fingerprint, definition, points, ...rest },
    plannedTrials: isOpen ? plannedTrials : sumOf(known.trials),
    search: searchState === 'PLANNED' ? null : { state: searchState, suggested, planned, stopped, transfer },
  };
}

function describeTransfer({ sources, trace }: TransferRow): TransferProgress {
  return {
    state: trace?.state ?? null,
    own: trace === null ? null : 1 - trace.weights.reduce((sum, weight) => sum + weight, 0),
    sources: sources.map((source, at) => ({ ...source, weight: trace?.weights[at] ?? null })),
  };
}

/**
 * Time left if the remaining trials go as fast as those that are done. Those that wait at a rung count as done: most of
 * them are stopped there.
 */
function estimateSeconds(startedAt: Date | null, trials: TrialCounts, planned: number, clock: Clock): number | null {
  const done = trials.SUCCEEDED + trials.FAILED + trials.PRUNED + trials.WAITING;
  const left = planned - done - trials.CANCELLED;
  if (startedAt === null || done === 0 || left === 0) return null;
  const elapsedMs = Math.max(0, clock.now() - startedAt.getTime());
  return Math.round((elapsedMs / 1000) * (left / done));
}

async function describeUnmetNeeds(sweep: StoredSweep, trials: TrialCounts, store: Store): Promise<readonly string[]> {
  if (trials.QUEUED === 0) return [];
  const { attachedWorkers, datasets } = await store.findUnmetNeeds(sweep.id);
  if (attachedWorkers === 0) return ['no worker is attached: start one with `abkd worker --coordinator HOST:PORT`'];
  return datasets.map(
    (dataset) => `no attached worker has dataset "${dataset}": put its files into the ABKD_DATA_DIR of a worker`,
  );
}

function searchFailures(tasks: readonly StoredTask[]): readonly string[] {
  return tasks.flatMap(({ dataset, objective, searchFailure }) =>
    searchFailure === null ? [] : [`the search of ${dataset} ${objective} cannot go on, tried again: ${searchFailure}`],
  );
}

const noTrials: TrialCounts = addTrialCounts([]);
