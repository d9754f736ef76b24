import { createRandom, type Random } from '../core/random.ts';
import { rankByPosterior } from '../core/search/gp/recommend.ts';
import { consult } from '../core/search/gp/transfer.ts';
import { createStrategy } from '../core/search/registry.ts';
import type { Observation } from '../core/search/strategy.ts';
import type { TransferSource } from '../core/search/transfer.ts';
import { type AbSurface, createRelatedAbSurface } from '../core/simulate/ab-surface.ts';
import { createAxis } from '../core/space/axis.ts';
import { createSpace, type Space } from '../core/space/space.ts';
import { type Bench, type BenchRow, medianOf } from './bench.ts';

/** Datasets of a family whose searches have ended, points of each, and datasets that are searched after them. */
const finished = 5;
const finishedPoints = 30;
const heldOut = 5;
const families = 4;
const budget = 20;
/** Families from here on have nothing to do with those that are searched. */
const strangers = 1000;

export const transfer: Bench = {
  summary: 'trials that a search needs which starts from finished ones, beside one that does not',
  options: ['quick'],
  peers: [],
  run: async ({ quick }, say) => {
    const rows: BenchRow[] = [];
    for (let family = 1; family <= (quick ? 1 : families); family++) {
      say(`family ${family}: ${finished} finished searches of its own and of strangers, then ${heldOut} datasets`);
      const related = finishedSearches(family);
      const misleading = finishedSearches(strangers + family);
      for (let member = finished; member < finished + heldOut; member++) {
        const surface = createRelatedAbSurface(family, member);
        const [started, independent, misled] = [related, [], misleading].map((sources) =>
          search(surface, member, sources, budget),
        );
        rows.push({
          dataset: surface.name,
          trialsToTarget: trialsToTarget(started!, surface),
          independent: trialsToTarget(independent!, surface),
          misled: trialsToTarget(misled!, surface),
          regret: started!.at(-1)!.regret,
          independentRegret: independent!.at(-1)!.regret,
          misledRegret: misled!.at(-1)!.regret,
        });
      }
    }
    return { rows: [...rows, medianRow(rows)], problems: [] };
  },
};

/** A trial of a search, and how far the point that was recommended after it is from the best one. */
interface Turn extends Observation {
  readonly value: number;
  readonly regret: number;
}

/** One trial at a time. */
function search(surface: AbSurface, seed: number, sources: readonly TransferSource[], trials: number): readonly Turn[] {
  const space = createSpace(
    Object.entries(surface.axes).map(([name, range]) => createAxis(name, range)),
    [],
  );
  const strategy = createStrategy('gp', { complete: false });
  const random = createRandom(seed).split('search');
  const turns: Turn[] = [];
  while (turns.length < trials) {
    const [next] = strategy({ space, history: turns, pending: [], sources, random, count: 1 });
    const value = surface.trial(next!.params, { replicate: 0, epoch: 1, epochs: 1 });
    const tried = [...turns, { ...next!, value, count: 1 }];
    const regret = surface.optimum - surface.value(recommended(space, tried, sources, random).params);
    turns.push({ ...next!, value, count: 1, regret });
  }
  return turns;
}

function finishedSearches(family: number): readonly TransferSource[] {
  return Array.from({ length: finished }, (_, member) => {
    const surface = createRelatedAbSurface(family, member);
    const turns = search(surface, member, [], finishedPoints);
    const points = turns.map(({ params, value, count }) => ({ params, value, count }));
    return { sweepId: String(family), taskId: surface.name, dataset: surface.name, objective: 'abkd', points };
  });
}

/** The tried point with the greatest posterior mean, sources included as long as they count. */
function recommended(
  space: Space,
  tried: readonly Observation[],
  sources: readonly TransferSource[],
  random: Random,
): Observation {
  const posterior = sources.length === 0 ? null : consult({ sources, space, history: tried, random }).posterior;
  if (posterior === null) return rankByPosterior(space, tried)[0]!;
  return tried[posterior.means.indexOf(Math.max(...posterior.means))]!;
}

/** Trials until a point was recommended that is as good as the best; null where that took more than there were. */
function trialsToTarget(turns: readonly Turn[], { tolerance }: AbSurface): number | null {
  const at = turns.findIndex(({ regret }) => regret <= tolerance);
  return at < 0 ? null : at + 1;
}

function medianRow(rows: readonly BenchRow[]): BenchRow {
  const fields = Object.keys(rows[0]!).filter((field) => field !== 'dataset');
  const medians = fields.map((field): [string, number | null] => {
    const middle = medianOf(rows.map((row) => (row[field] as number | null) ?? Number.POSITIVE_INFINITY));
    return [field, Number.isFinite(middle) ? middle : null];
  });
  return { dataset: 'median', ...Object.fromEntries(medians) };
}
