import type { JudgedPoint, StopDecision, StoppingLimits, StopRequest } from './rule.ts';

/** Where a rung stands. */
interface Standing {
  /** Places by ordinal of the points that have reached it; the best has place 0. */
  readonly places: ReadonlyMap<number, number>;
  /** Points that may still reach it. */
  readonly mayCome: number;
}

/**
 * The decisions of successive halving about points that all have the same rungs. Of the points that reach a rung the
 * best 1 / reduction goes on, at least one; equal values rank by ordinal.
 *
 * `early`: a point goes on as soon as it is among the best 1 / reduction of those that are there. Otherwise it waits
 * until nobody else can come. In both a point is stopped once so many better ones are there that no later arrival can
 * make room for it, which is, at the latest, when nobody else can come: then each waiting point is decided about.
 */
export function decideByHalving(
  { points, toCome }: StopRequest,
  { reduction }: Pick<StoppingLimits, 'reduction'>,
  { early }: { readonly early: boolean },
): readonly StopDecision[] {
  const standings = new Map<number, Standing>();
  const standingAt = (rung: number) => {
    const known = standings.get(rung) ?? standingOf(rung, points, toCome.length);
    standings.set(rung, known);
    return known;
  };
  return points
    .filter(({ state }) => state === 'waiting')
    .map(({ ordinal, reached }) => {
      const { places, mayCome } = standingAt(reached.at(-1)!.epoch);
      const place = places.get(ordinal)!;
      // At the end one goes on, however few have come.
      const most = Math.max(1, Math.floor((places.size + mayCome) / reduction));
      const sure = early ? Math.floor(places.size / reduction) : 0;
      if (place < (mayCome === 0 ? most : sure)) return { ordinal, decision: 'goOn' };
      return { ordinal, decision: place >= most ? 'stop' : 'wait' };
    });
}

function standingOf(rung: number, points: readonly JudgedPoint[], toCome: number): Standing {
  const isThere = ({ reached }: JudgedPoint) => reached.some(({ epoch }) => epoch === rung);
  const there = points
    .filter(isThere)
    .map(({ ordinal, reached }) => ({ ordinal, value: reached.find(({ epoch }) => epoch === rung)!.value }));
  const below = points.filter((point) => point.state !== 'ended' && !isThere(point));
  return {
    places: new Map(there.sort(byValue).map(({ ordinal }, place) => [ordinal, place])),
    mayCome: below.length + toCome,
  };
}

type Ranked = Pick<JudgedPoint, 'ordinal'> & { readonly value: number | null };

function byValue(a: Ranked, b: Ranked): number {
  const [one, other] = [a.value ?? Number.NEGATIVE_INFINITY, b.value ?? Number.NEGATIVE_INFINITY];
  return one === other ? a.ordinal - b.ordinal : other - one;
}
