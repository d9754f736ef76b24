import type { Blackbox } from '../core/simulate/blackbox.ts';
import type { SearchOutcome, SpecSearch } from '../core/simulate/spec-searches.ts';
import { quantile } from '../core/stats/quantile.ts';
import { formatParams, plural } from './format.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** One search of a spec with all of its runs. */
export interface SimulatedSearch {
  readonly search: SpecSearch;
  readonly blackbox: Blackbox;
  readonly workers: number;
  /** At least one. */
  readonly outcomes: readonly SearchOutcome[];
}

/** What a search found, how long it took, and how it came there. */
export function renderSimulation(simulated: SimulatedSearch, terminal: Terminal): readonly string[] {
  const { search, outcomes, workers } = simulated;
  const { plan } = search;
  const runs = outcomes.length === 1 ? '' : `, ${outcomes.length} searches: medians (quartiles)`;
  const size = `${pointsText(outcomes)} × ${seedsText(plan.replicates)}, ${plural(workers, 'worker')}`;
  const facts = [
    ['time', timeText(outcomes, workers)],
    ...(search.stopping === null ? [] : [['stopped', stoppedText(outcomes)] as const]),
    ...(outcomes.length === 1 ? [['best', bestText(outcomes[0]!)]] : []),
    ...foundText(simulated),
  ] as const;
  const width = Math.max(...facts.map(([name]) => name!.length));
  return [
    terminal.style('bold', `${search.objective}, ${plan.method}: ${size}${runs}`),
    ...facts.map(([name, text]) => `  ${name!.padEnd(width)}  ${text}`),
    '',
    ...renderCourse(simulated, terminal).map((line) => `  ${line}`),
  ];
}

function pointsText(outcomes: readonly SearchOutcome[]): string {
  const counts = outcomes.map(({ simulation }) => simulation.points.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? plural(most, 'point') : `${least} to ${most} points`;
}

/** `2 seeds`, `1 to 4 seeds`. */
function seedsText({ min, max }: SimulatedSearch['search']['plan']['replicates']): string {
  return min === max ? plural(max, 'seed') : `${min} to ${plural(max, 'seed')}`;
}

/** Trials all take as long as each other, and a single worker is never idle. */
function timeText(outcomes: readonly SearchOutcome[], workers: number): string {
  const times = outcomes.map(({ simulation }) => simulation.makespan);
  const text = `as long as ${medianText(times, 0)} trials`;
  if (workers === 1) return text;
  const alone = outcomes.map(({ simulation }) => simulation.work);
  return `${text}, with one worker as ${medianText(alone, 0)}`;
}

/** `27 of 40 points early, 68 % of all epochs saved`. */
function stoppedText(outcomes: readonly SearchOutcome[]): string {
  const trialsOf = ({ simulation }: SearchOutcome) => simulation.points.flatMap(({ trials }) => trials);
  const stopped = outcomes.map(
    ({ simulation }) =>
      simulation.points.filter(({ trials }) => trials.some(({ state }) => state === 'stopped')).length,
  );
  const saved = outcomes.map((outcome) => 100 * (1 - outcome.simulation.work / trialsOf(outcome).length));
  return `${medianText(stopped, 0)} of ${pointsText(outcomes)} early, ${medianText(saved, 0)} % of all epochs saved`;
}

function bestText({ simulation }: SearchOutcome): string {
  const best = simulation.progress.at(-1)?.best ?? null;
  if (best === null) return 'none: every trial failed';
  return `${formatParams(simulation.points[best.ordinal]!.params)}: ${best.mean.toFixed(2)}`;
}

function foundText({ outcomes, blackbox }: SimulatedSearch): readonly (readonly [string, string])[] {
  const { optimum, tolerance } = blackbox;
  if (optimum === null) return [['regret', 'not known: neither is the best of the space']];
  const regrets = outcomes.map(({ regrets }) => regrets.at(-1) ?? Number.POSITIVE_INFINITY);
  const found = outcomes.flatMap(({ trialsToTolerance }) => trialsToTolerance ?? []);
  const share = outcomes.length === 1 ? '' : `${found.length} of ${outcomes.length} searches`;
  const after = found.length === 0 ? 'never' : `after ${medianText(trialsToTolerance(outcomes), 0)} trials`;
  return [
    ['regret', `${medianText(regrets, 3)}; the best of the space is ${optimum.toFixed(3)}`],
    [`within ${Number(tolerance.toPrecision(2))}`, [share, after].filter((text) => text !== '').join(', ')],
  ];
}

/** A search that never came so far counts as infinitely slow. */
function trialsToTolerance(outcomes: readonly SearchOutcome[]): readonly number[] {
  return outcomes.map((outcome) => outcome.trialsToTolerance ?? Number.POSITIVE_INFINITY);
}

/** `12`, or `12 (9 – 17)` for several. */
function medianText(values: readonly number[], digits: number): string {
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => numberText(quantile(values, p), digits));
  return values.length === 1 ? median! : `${median} (${q1} – ${q3})`;
}

function numberText(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '∞';
}

const barWidth = 40;

/** Best value so far after 1, 2, 5, 10, ... trials, with a bar for what is still missing. */
function renderCourse({ outcomes, blackbox }: SimulatedSearch, terminal: Terminal): readonly string[] {
  const trials = Math.min(...outcomes.map(({ simulation }) => simulation.progress.length));
  const rows = marksUpTo(trials).map((mark) => ({
    mark,
    best: medianOf(outcomes, ({ simulation }) => simulation.progress[mark - 1]!.best?.mean ?? null),
    regret: medianOf(outcomes, ({ regrets }) => regrets[mark - 1]!),
  }));
  const last = rows.at(-1)?.best ?? null;
  const gaps = rows.map(({ best, regret }) => regret ?? (best === null || last === null ? null : last - best));
  const widest = Math.max(...gaps.map((gap) => gap ?? 0));
  const bar = (gap: number | null) =>
    gap === null || widest <= 0 ? '' : '█'.repeat(Math.round((barWidth * Math.max(0, gap)) / widest));
  const isJudged = blackbox.optimum !== null;
  const columns = [
    { title: 'trials', align: 'right' },
    { title: 'best so far', align: 'right' },
    ...(isJudged ? [{ title: 'regret', align: 'right' } as const] : []),
    { title: '' },
  ] as const;
  const cells = rows.map(({ mark, best, regret }, row) => [
    String(mark),
    best === null ? '–' : best.toFixed(2),
    ...(isJudged ? [regret === null ? '–' : regret.toFixed(3)] : []),
    bar(gaps[row]!),
  ]);
  return renderTable(columns, cells, { width: terminal.width, styleTitle: (text) => terminal.style('dim', text) });
}

function marksUpTo(trials: number): readonly number[] {
  const marks: number[] = [];
  for (let ten = 1; ten < trials; ten *= 10) marks.push(...[1, 2, 5].map((digit) => digit * ten));
  return trials === 0 ? [] : [...marks.filter((mark) => mark < trials), trials];
}

/** Null unless every run has a value. */
function medianOf(outcomes: readonly SearchOutcome[], read: (outcome: SearchOutcome) => number | null): number | null {
  const values = outcomes.flatMap((outcome) => read(outcome) ?? []);
  return values.length < outcomes.length ? null : quantile(values, 0.5);
}
