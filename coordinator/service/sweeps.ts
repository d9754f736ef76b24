import type { Page } from '../../core/api/page.ts';
import type { CreatedSweep, RerunAnswer, SweepAnswer, SweepListItem, TaskSources } from '../../core/api/sweep.ts';
import type { Clock } from '../../core/clock.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import type { SweepPlan, TaskPlan } from '../../core/plan.ts';
import { usableSources } from '../../core/search/transfer.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { parseSpec } from '../../core/spec/parse.ts';
import type { SweepSpec } from '../../core/spec/schema.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import type { RerunKind, SweepState } from '../../core/sweep.ts';
import type { Bus } from '../bus/bus.ts';
import type { Events } from '../events.ts';
import type { RerunTask, Store, StoredSweep, StoredTask } from '../store/store.ts';
import { createProgressReader } from './progress.ts';
import { notFound } from './trials.ts';

export interface SweepService {
  /**
   * Stores a submitted spec with everything that it will run.
   * @throws {AbkdError} BAD_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE; INVALID_SPEC with all problems
   */
  create(document: string, contentType: string): Promise<CreatedSweep>;
  /** @throws {AbkdError} NOT_FOUND */
  get(id: SweepId): Promise<SweepAnswer>;
  /** Newest first. */
  list(query: { readonly before: bigint | null; readonly limit: number }): Promise<Page<SweepListItem>>;
  /** @throws {AbkdError} NOT_FOUND; CONFLICT where the sweep is final already */
  cancel(id: SweepId): Promise<SweepState>;
  /**
   * Runs what is missing or what failed, and nothing else.
   * @throws {AbkdError} NOT_FOUND; CONFLICT where there is nothing to run, or not yet
   */
  rerun(id: SweepId, which: RerunKind): Promise<RerunAnswer>;
  /** Of each of its searches that start from finished tasks, these tasks. @throws {AbkdError} NOT_FOUND */
  listSources(
    id: SweepId,
    query: { readonly after: number | null; readonly limit: number },
  ): Promise<Page<TaskSources>>;
  /** Those of the sweeps that are CANCELLED. */
  cancelledOf(ids: readonly SweepId[]): Promise<readonly SweepId[]>;
  /** Gives sweeps whose trials are all final their final state. */
  settle(): Promise<void>;
}

export interface SweepServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly events: Events;
  readonly clock: Clock;
}

export function createSweepService({ store, bus, events, clock }: SweepServiceOptions): SweepService {
  const readProgress = createProgressReader(store, clock);
  return {
    create: async (document, contentType) => {
      const plan = await withSources(parseSpec(document, contentType), store);
      const sweep = await store.createSweep(plan);
      const created = describeCreated(sweep, plan);
      events.sweepCreated(sweep.id, created);
      bus.publish();
      return created;
    },
    get: async (id) => {
      const sweep = await store.findSweep(id);
      if (sweep === null) throw notFound('sweep', id);
      return readProgress(sweep);
    },
    list: async ({ before, limit }) => {
      // One more than asked for tells whether there is another page.
      const entries = await store.listSweeps({ before, limit: limit + 1 });
      const items = entries.slice(0, limit);
      const next = entries.length > limit ? String(items.at(-1)!.sequence) : null;
      return { items: items.map(({ sequence: _, ...item }) => item), next };
    },
    cancel: async (id) => {
      const { state } = await store.cancelSweep(id);
      events.sweepCancelled(id);
      bus.publish();
      return state;
    },
    rerun: async (id, which) => {
      const again = new Map((await store.rerunSweep(id, which)).map((task) => [task.taskId, task]));
      const [sweep, tasks] = await Promise.all([store.findSweep(id), store.listTasks(id)]);
      const answer = describeRerun(sweep!, which, tasks, again);
      events.sweepRerun(id, answer);
      bus.publish();
      return answer;
    },
    listSources: async (sweep, { after, limit }) => {
      if ((await store.findSweep(sweep)) === null) throw notFound('sweep', sweep);
      const rows = await store.listSources({ sweep, after, limit: limit + 1 });
      const items = rows.slice(0, limit);
      const next = rows.length > limit ? String(items.at(-1)!.ordinal) : null;
      return { items: items.map(({ taskId, sources }) => ({ taskId, sources })), next };
    },
    cancelledOf: async (ids) => {
      const found = await Promise.all(ids.map((id) => store.findSweep(id)));
      return found.flatMap((sweep) => (sweep?.state === 'CANCELLED' ? [sweep.id] : []));
    },
    settle: async () => {
      for (const id of await store.settleSweeps()) {
        events.sweepSettled(id);
        bus.publish();
      }
    },
  };
}

/** What a spec will do, each open search with the finished tasks that it starts from, where the spec asks for some. */
async function withSources(spec: SweepSpec, store: Store): Promise<SweepPlan> {
  const plan = expandSpec(spec);
  if (spec.search.transfer === 'none') return plan;
  const tasks: TaskPlan[] = [];
  for (const task of plan.tasks) {
    const isOpen = task.searchState === 'OPEN';
    const candidates = isOpen ? await store.findFinishedTasks(task.definition) : [];
    const { space } = searchOfTask(spec, task.ordinal).plan;
    tasks.push({ ...task, sources: usableSources(space, candidates) });
  }
  const alone = tasks.filter(({ searchState, sources }) => searchState === 'OPEN' && sources?.length === 0);
  const warnings = alone.map(
    ({ definition: { dataset, objective } }) =>
      `${dataset}, ${objective.kind}: search.transfer is auto, but no finished task is like it`,
  );
  return { ...plan, tasks, warnings: [...new Set([...plan.warnings, ...warnings])] };
}

function describeCreated(sweep: StoredSweep, plan: SweepPlan): CreatedSweep {
  const self = `/api/v1/sweeps/${sweep.id}`;
  return {
    id: sweep.id,
    state: sweep.state,
    tasks: plan.tasks.length,
    plannedTrials: plan.tasks.reduce((sum, task) => sum + task.plannedTrials, 0),
    warnings: sweep.warnings,
    links: { self, trials: `${self}/trials`, summary: `/api/v1/summary?sweep=${sweep.id}`, cancel: `${self}/cancel` },
  };
}

function describeRerun(
  sweep: StoredSweep,
  which: RerunKind,
  tasks: readonly StoredTask[],
  again: ReadonlyMap<TaskId, RerunTask>,
): RerunAnswer {
  const described = tasks.flatMap(({ id, dataset, objective }) => {
    const task = again.get(id);
    return task === undefined ? [] : [{ id, dataset, objective, trials: task.trials, points: task.points }];
  });
  const sum = (field: 'trials' | 'points') => described.reduce((total, task) => total + task[field], 0);
  return { id: sweep.id, state: sweep.state, which, trials: sum('trials'), points: sum('points'), tasks: described };
}
