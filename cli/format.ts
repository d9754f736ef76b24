import { relative } from 'node:path';
import type { TaskProgress } from '../core/api/sweep.ts';
import type { Estimate } from '../core/stats/estimate.ts';
import { isFinalTrialState, type TrialState } from '../core/trial.ts';
import type { TrialCounts } from '../core/trial-counts.ts';
import { sumOf } from '../core/trial-counts.ts';

const absent = '–';

/** `91.23 ± 0.21 (3)`: mean, standard error, number of seeds; without `±` where one seed gives no error. */
export function formatEstimate(estimate: Estimate | null): string {
  if (estimate === null || estimate.n === 0) return absent;
  return `${formatMeanSe(estimate)} (${estimate.n})`;
}

/** `91.23 ± 0.21`. */
export function formatMeanSe(estimate: Pick<Estimate, 'mean' | 'se'>): string {
  const mean = estimate.mean.toFixed(2);
  return estimate.se === null ? mean : `${mean} ± ${estimate.se.toFixed(2)}`;
}

/** `+1.20 ± 0.30`, with a true minus sign. */
export function formatDifference(estimate: Pick<Estimate, 'mean' | 'se'> | null): string {
  if (estimate === null) return absent;
  const text = formatMeanSe({ ...estimate, mean: Math.abs(estimate.mean) });
  if (Math.abs(estimate.mean) < 0.005) return text;
  return `${estimate.mean < 0 ? '−' : '+'}${text}`;
}

/** A parameter as short as it can be said in six digits: `0.25`, `1e-7`. */
export function formatParam(value: number | null | undefined): string {
  return value === null || value === undefined ? absent : String(Number(value.toPrecision(6)));
}

/** `α=0.5 β=0.25 lr=0.01`. */
export function formatParams(params: Readonly<Record<string, number>>): string {
  return sortParamNames(Object.keys(params))
    .map((name) => `${paramTitle(name)}=${formatParam(params[name])}`)
    .join(' ');
}

/** α, β, then the others by name: the database keeps no order. */
export function sortParamNames(names: readonly string[]): readonly string[] {
  const rank = (name: string) => ['alpha', 'beta'].indexOf(name) >>> 0;
  return [...names].sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}

/** `α`, `β`, or the name itself. */
export function paramTitle(name: string): string {
  return name === 'alpha' ? 'α' : name === 'beta' ? 'β' : name;
}

/** `45 s`, `3 min 05 s`, `2 h 04 min`, `3 d 01 h`. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return absent;
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${two((whole % 86_400) / 3600)} h`;
}

/** Time between two instants, `until` being now where the thing still goes on. */
export function formatSpan(from: string | null, until: string | null, nowMs: number): string {
  if (from === null) return absent;
  return formatSeconds(((until === null ? nowMs : Date.parse(until)) - Date.parse(from)) / 1000);
}

/** `p = 0.004`, `p = 3e-9`, `p < 1e-15`. */
export function formatP(p: number): string {
  if (p < 1e-15) return 'p < 1e-15';
  if (p < 0.001) return `p = ${p.toExponential(0)}`;
  return `p = ${p.toFixed(3)}`;
}

/** `43 %`, `0.4 %`, `> 99.9 %`, `< 0.1 %`. */
export function formatChance(chance: number | null): string {
  if (chance === null) return absent;
  const percent = 100 * chance;
  if (percent > 99.9) return '> 99.9 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 9.95 || percent > 99 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

const landmarkTitles: Readonly<Record<string, string>> = {
  fkl: 'forward KL',
  rkl: 'reverse KL',
  hellinger: 'Hellinger',
  squaredEuclid: 'squared Euclid',
  paper: 'published choice',
};

/** A landmark, or a line of the plane (`alpha+beta=1`), as people call it. */
export function landmarkTitle(name: string): string {
  return landmarkTitles[name] ?? name.replace('alpha', 'α').replace('beta', 'β');
}

/** A folder as short as it can be typed from here. */
export function formatFolder(folder: string): string {
  const fromHere = relative('', folder) || '.';
  return fromHere.startsWith('..') ? folder : fromHere;
}

/** Enough of an identifier to name a sweep on the command line. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Trials in all, those to come included where `planned` is given, and how many are final. */
export function countTrials(
  counts: TrialCounts,
  planned = sumOf(counts),
): { readonly total: number; readonly done: number } {
  const final = Object.entries(counts).filter(([state]) => isFinalTrialState(state as TrialState));
  return { total: planned, done: final.reduce((sum, [, count]) => sum + count, 0) };
}

/** `stopped: within 0.1 of the best with probability 0.97 after 23 of 60 points`; null for a search that did not stop early. */
export function stoppedText({ search }: Pick<TaskProgress, 'search'>): string | null {
  if (search === null || search.stopped === null) return null;
  const { within, probability, points, planned } = search.stopped;
  return `stopped: within ${within} of the best with probability ${probability.toFixed(2)} after ${points} of ${plural(planned, 'point')}`;
}

/** `suggested 12/20` over all tasks whose searches are open; null where none is. */
export function suggestedText(tasks: readonly Pick<TaskProgress, 'search'>[]): string | null {
  const searches = tasks.flatMap(({ search }) => (search === null ? [] : [search]));
  if (!searches.some(({ state, planned }) => state === 'OPEN' && planned > 0)) return null;
  const sum = (field: 'suggested' | 'planned') => searches.reduce((total, search) => total + search[field], 0);
  return `suggested ${sum('suggested')}/${sum('planned')}`;
}

/** `3 trials`, `1 trial`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
