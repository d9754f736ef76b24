import type { SurfaceAnswer, SurfaceDigest } from '../../core/api/surface.ts';
import type { Clock } from '../../core/clock.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import type { Space } from '../../core/space/space.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import { allBySeed, poolPoints } from '../../core/stats/points.ts';
import { metricUnit, type RowGroup } from '../../core/stats/summary.ts';
import {
  canDescribe,
  digestOf,
  leastPoints,
  type SurfaceFindings,
  type SurfaceRequest,
} from '../../core/stats/surface/describe.ts';
import type { SurfacePoint } from '../../core/stats/surface/model.ts';
import { sleep } from '../../platform/async.ts';
import type { SurfacePool } from '../engine/surface-pool.ts';
import type { Store, StoredTask } from '../store/store.ts';
import { notFound } from './trials.ts';

/** Posterior surfaces of tasks. */
export interface SurfaceService {
  /**
   * @param task ordinal or id; null = the only one
   * @throws {AbkdError} NOT_FOUND; BAD_REQUEST where there are several tasks and none is named; CONFLICT where too few
   *   points have values
   */
  read(sweep: SweepId, task: string | null): Promise<SurfaceAnswer>;
  /**
   * For each group what is known of its surface, in bounded time: null where there is too little for one, or where it is
   * not there in time; then it is in a later call.
   */
  digests(groups: readonly RowGroup[]): Promise<readonly (SurfaceDigest | null)[]>;
}

interface Known {
  /** Of the results that it was computed from. */
  readonly mark: string;
  readonly findings: Promise<SurfaceFindings>;
  /** Null until it is computed. */
  digest: SurfaceDigest | null;
}

/** What a summary waits for surfaces that nobody has asked for before, milliseconds. */
const digestPatienceMs = 1_500;
const maxKnown = 200;

export function createSurfaceService(options: {
  readonly store: Store;
  readonly pool: SurfacePool;
  readonly clock: Clock;
}): SurfaceService {
  const { store, pool, clock } = options;
  const knownByKey = new Map<string, Known>();
  const spaces = new Map<TaskId, Space>();

  /** The surface under a key, computed anew only where its results have changed. */
  const obtain = (key: string, request: SurfaceRequest): Known => {
    const mark = markOf(request.points);
    const last = knownByKey.get(key);
    if (last?.mark === mark) return last;
    const known: Known = { mark, findings: pool.ask(request), digest: last?.digest ?? null };
    known.findings.then(
      (findings) => {
        known.digest = digestOf(findings);
      },
      () => {
        if (knownByKey.get(key) === known) knownByKey.delete(key);
      },
    );
    remember(knownByKey, key, known);
    return known;
  };

  /** Of a task; its spec never changes. */
  const spaceOf = async (taskId: TaskId): Promise<Space> => {
    const known = spaces.get(taskId);
    if (known !== undefined) return known;
    const { spec, ordinal } = await store.readSearch(taskId);
    const { space } = searchOfTask(spec, ordinal).plan;
    remember(spaces, taskId, space);
    return space;
  };

  const digestFor = async ({ rows, points }: RowGroup): Promise<SurfaceDigest | null> => {
    const valued = surfacePoints(points);
    if (valued.length < leastPoints) return null;
    const { taskId, definition } = latestOf(rows);
    const request = { space: await spaceOf(taskId), objective: definition.objective, points: valued };
    if (!canDescribe(request)) return null;
    const known = obtain(`group ${taskId}`, request);
    // One that lags behind is better than none, and than to wait.
    if (known.digest === null) await known.findings.then(ignore, ignore);
    return known.digest;
  };

  return {
    read: async (sweep, task) => {
      if ((await store.findSweep(sweep)) === null) throw notFound('sweep', sweep);
      const wanted = chooseTask(await store.listTasks(sweep), sweep, task);
      const rows = (await store.readSummaryRows({ sweep })).filter(({ taskId }) => taskId === wanted.id);
      const { objective: definition } = wanted.definition;
      const request = {
        space: await spaceOf(wanted.id),
        objective: definition,
        points: surfacePoints(poolPoints(rows)),
      };
      assertEnough(request, wanted);
      const findings = await obtain(`task ${wanted.id}`, request).findings;
      const { id, ordinal, dataset, objective } = wanted;
      return {
        generatedAt: new Date(clock.now()).toISOString(),
        ...{ sweepId: sweep, taskId: id, ordinal, dataset, objective },
        ...{ metric: wanted.definition.metric, unit: metricUnit(wanted.definition.metric) },
        ...findings,
      };
    },
    digests: async (groups) => {
      const waited = new AbortController();
      const late = sleep(digestPatienceMs, waited.signal).then(() => null);
      try {
        return await Promise.all(groups.map((group) => Promise.race([digestFor(group), late])));
      } finally {
        waited.abort();
      }
    },
  };
}

const ignore = () => undefined;

/** Keeps the latest ones. */
function remember<Key, Value>(memory: Map<Key, Value>, key: Key, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  for (const oldest of memory.keys()) if (memory.size > maxKnown) memory.delete(oldest);
}

/** Of several sweeps the latest says what the space is; rows of one trial's place come in the order of the sweeps. */
function latestOf(rows: RowGroup['rows']): RowGroup['rows'][number] {
  return rows.findLast(({ ordinal, replicate }) => ordinal === 0 && replicate === 0) ?? rows.at(-1)!;
}

function surfacePoints(points: RowGroup['points']): readonly SurfacePoint[] {
  return points
    .filter(({ selectionBySeed }) => selectionBySeed.size > 0)
    .map((point) => {
      const { cell, params, sources, inSpace } = point;
      return { cell, params, sources, inSpace, selectionBySeed: allBySeed(point) };
    });
}

/** Results only ever are added: their number and sum tell whether there are others. */
function markOf(points: readonly SurfacePoint[]): string {
  const values = points.flatMap(({ selectionBySeed }) => [...selectionBySeed.values()]);
  return `${values.length} ${values.reduce((sum, value) => sum + value, 0)}`;
}

function chooseTask(tasks: readonly StoredTask[], sweep: SweepId, wanted: string | null): StoredTask {
  const known = tasks.map(({ ordinal, dataset, objective }) => `${ordinal} (${dataset} ${objective})`).join(', ');
  if (wanted === null && tasks.length > 1) {
    const message = `expected the ordinal or id of a task, one of ${known}`;
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot read the surface of sweep ${sweep}: it has ${tasks.length} tasks: ${message}`,
      {
        details: { problems: [{ path: 'task', message }] },
      },
    );
  }
  const task =
    wanted === null ? tasks[0] : tasks.find(({ id, ordinal }) => id === wanted || String(ordinal) === wanted);
  if (task !== undefined) return task;
  throw new AbkdError('NOT_FOUND', `Cannot find task "${wanted}" of sweep ${sweep}: expected one of ${known}`);
}

function assertEnough(request: SurfaceRequest, { ordinal, dataset, objective }: StoredTask): void {
  if (canDescribe(request)) return;
  const name = `task ${ordinal} (${dataset} ${objective})`;
  const reason =
    request.space.axes.length === 0
      ? 'nothing is searched in it'
      : `${request.points.filter(({ inSpace }) => inSpace).length} points of its space have values, expected at least ${leastPoints}`;
  throw new AbkdError('CONFLICT', `Cannot fit the surface of ${name}: ${reason}`);
}
