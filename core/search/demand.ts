/** What a task of a sweep has on its way, and who could run more. */
export interface TaskLoad {
  /** Trials that occupy slots or wait for one. */
  readonly openTrials: number;
  /** Slots of attached workers that can run the task. */
  readonly slots: number;
  /** True where its search has more points to give. */
  readonly isSearching: boolean;
}

/** Points that a task gets at once: what they are chosen by ages while the next are computed. */
const largestBatch = 16;

/**
 * New points (or further seeds) for each task, so that the sweep's open trials occupy what may run at once and no more:
 * what is chosen later is chosen better. The task with the fewest open trials comes first. A task that nobody can run
 * keeps one point on its way, which shows what it waits for, and takes no share from the others. A search that orders
 * single seeds instead of points is asked again.
 */
export function pointsWanted(
  tasks: readonly TaskLoad[],
  /** `replicates`: trials that a new point gets. */
  sweep: { readonly maxParallel: number; readonly slots: number; readonly replicates: number },
): readonly number[] {
  const wanted = tasks.map(({ openTrials, slots, isSearching }) => (isSearching && slots + openTrials === 0 ? 1 : 0));
  const open = tasks.map(({ openTrials }) => openTrials);
  const capacity = Math.min(sweep.maxParallel, sweep.slots);
  const occupied = () => tasks.reduce((sum, { slots }, task) => sum + Math.min(open[task]!, slots), 0);
  const hasRoom = ({ slots, isSearching }: TaskLoad, task: number) =>
    isSearching && open[task]! < slots && wanted[task]! < largestBatch;
  while (occupied() < capacity) {
    const next = tasks.map((_, task) => task).filter((task) => hasRoom(tasks[task]!, task));
    if (next.length === 0) break;
    const task = next.reduce((least, other) => (open[other]! < open[least]! ? other : least));
    wanted[task]! += 1;
    open[task]! += sweep.replicates;
  }
  return wanted;
}
