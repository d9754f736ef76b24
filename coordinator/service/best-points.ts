import type { PointResult } from '../../core/api/summary.ts';
import type { Clock } from '../../core/clock.ts';
import type { SweepId } from '../../core/ids.ts';
import { bestPointOf, groupRows } from '../../core/stats/summary.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';
import type { Store, StoredSweep } from '../store/store.ts';

/** Best point so far by the fingerprint of its task; null before the first success. */
export type BestPoints = ReadonlyMap<string, PointResult | null>;

interface Known {
  /** Counts of the trials that it was computed from. */
  readonly counts: string;
  /** While the sweep runs it is good enough until then, milliseconds since the epoch. */
  freshUntilMs: number;
  readonly best: Promise<BestPoints>;
}

/** Of a sweep with 10 000 trials a summary takes half a second: watching it must not take more than a tenth of the time. */
const restPerWork = 10;
const maxKnown = 200;

/** Reads the best points of sweeps, again only when trials have moved, and not all the time while they do. */
export function createBestPointsReader(
  store: Pick<Store, 'readSummaryRows'>,
  clock: Clock,
): (sweep: Pick<StoredSweep, 'id' | 'state'>, trials: TrialCounts) => Promise<BestPoints> {
  const knownById = new Map<SweepId, Known>();
  const compute = async (sweep: SweepId): Promise<BestPoints> => {
    const groups = groupRows(await store.readSummaryRows({ sweep }));
    return new Map(groups.map((group) => [group.rows[0]!.fingerprint, bestPointOf(group)]));
  };
  const refresh = (id: SweepId, counts: string): Known => {
    const beganMs = clock.now();
    const known: Known = { counts, freshUntilMs: Number.POSITIVE_INFINITY, best: compute(id) };
    known.best.then(
      () => {
        known.freshUntilMs = clock.now() + restPerWork * (clock.now() - beganMs);
      },
      () => {
        if (knownById.get(id) === known) knownById.delete(id);
      },
    );
    knownById.delete(id);
    knownById.set(id, known);
    for (const oldest of knownById.keys()) if (knownById.size > maxKnown) knownById.delete(oldest);
    return known;
  };
  return (sweep, trials) => {
    const counts = JSON.stringify(trials);
    const known = knownById.get(sweep.id);
    const isExact = known?.counts === counts;
    const isGoodEnough = !isFinalSweepState(sweep.state) && clock.now() < (known?.freshUntilMs ?? 0);
    return (known !== undefined && (isExact || isGoodEnough) ? known : refresh(sweep.id, counts)).best;
  };
}
