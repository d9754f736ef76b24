import type { PointResult, SweepAnswer, TaskProgress, TrialCounts } from '../../core/api.ts';
import type { Clock } from '../../core/clock.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import { addTrialCounts } from '../../core/trial-counts.ts';
import type { Store, StoredSweep, StoredTask } from '../store/store.ts';
import { type BestPoints, createBestPointsReader } from './best-points.ts';

/** Tells how far a sweep's tasks are, when it will be done, and what keeps it from running. */
export function createProgressReader(store: Store, clock: Clock): (sweep: StoredSweep) => Promise<SweepAnswer> {
  const readBest = createBestPointsReader(store, clock);
  return async (sweep) => {
    const [tasks, counts] = await Promise.all([store.listTasks(sweep.id), store.countTrials(sweep.id)]);
    const countsByTask = new Map(counts.map((entry) => [entry.taskId, entry.counts]));
    const trials = addTrialCounts([...countsByTask.values()]);
    const best: BestPoints = trials.SUCCEEDED === 0 ? new Map() : await readBest(sweep, trials);
    return {
      ...describeSweep(sweep, trials),
      tasks: tasks.map((task) =>
        describeTask(task, countsByTask.get(task.id) ?? noTrials, best.get(task.fingerprint) ?? null),
      ),
      etaSeconds: isFinalSweepState(sweep.state) ? null : estimateSeconds(sweep.startedAt, trials, clock),
      unmetNeeds: isFinalSweepState(sweep.state) || trials.QUEUED === 0 ? [] : await describeUnmetNeeds(sweep, store),
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

function describeTask(task: StoredTask, trials: TrialCounts, best: PointResult | null): TaskProgress {
  const { id, ordinal, dataset, teacher, student, objective, fingerprint, definition, points } = task;
  return { id, ordinal, dataset, teacher, student, objective, fingerprint, definition, points, trials, best };
}

/** Time left if the remaining trials go as fast as those that ended. */
function estimateSeconds(startedAt: Date | null, trials: TrialCounts, clock: Clock): number | null {
  const ended = trials.SUCCEEDED + trials.FAILED + trials.PRUNED;
  const left = trials.QUEUED + trials.RUNNING + trials.WAITING;
  if (startedAt === null || ended === 0 || left === 0) return null;
  const elapsedMs = Math.max(0, clock.now() - startedAt.getTime());
  return Math.round((elapsedMs / 1000) * (left / ended));
}

async function describeUnmetNeeds(sweep: StoredSweep, store: Store): Promise<readonly string[]> {
  const { attachedWorkers, datasets } = await store.findUnmetNeeds(sweep.id);
  if (attachedWorkers === 0) return ['no worker is attached: start one with `abkd worker --coordinator HOST:PORT`'];
  return datasets.map(
    (dataset) => `no attached worker has dataset "${dataset}": put its files into the ABKD_DATA_DIR of a worker`,
  );
}

const noTrials: TrialCounts = addTrialCounts([]);
