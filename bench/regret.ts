/**
 * How many trials a strategy needs to come close to the best point, and how good the point is that it reports in the end.
 * Every strategy gets the same problems and the same noise, search by search; all take turns.
 */
import { searchMethods } from '../core/search/registry.ts';
import { quantile } from '../core/stats/quantile.ts';
import { wilcoxonSignedRank } from '../core/stats/wilcoxon.ts';
import { type Bench, type BenchOptions, type BenchRow, choose } from './bench.ts';
import { counterpartOf, type Optuna, type OptunaSampler, optunaSamplers, startOptuna } from './optuna.ts';
import { assertInstalled } from './peers.ts';
import { type RegretCase, regretCases } from './regret-cases.ts';
import { type SearchSetting, type SearchTrace, searchOurs, searchPeer } from './search-race.ts';

/** Trials on their way at any time. */
const parallels = [1, 8];
const seedCount = { quick: 3, thorough: 20 };

export const regret: Bench = {
  summary: 'trials that strategies need to find the best point, ours and those of Optuna',
  options: ['quick', 'function', 'strategy', 'seeds', 'peer', 'python'],
  peers: ['optuna'],
  run: async (options, say) => {
    const cases = choose('function', regretCases, ({ name }) => name, options.functions);
    const searchers = choose('strategy', searchersFor(options), ({ name }) => name, options.strategies);
    if (options.peer !== null) assertInstalled(options.peer, options.python);
    await using optuna = options.peer === null ? null : await startOptuna(options.python);
    if (optuna !== null) say(`Optuna ${optuna.version}`);
    const seeds = options.seeds ?? (options.quick ? seedCount.quick : seedCount.thorough);
    const rows: BenchRow[] = [];
    for (const problem of cases) {
      for (const parallel of parallels) {
        const results = await race({ problem, parallel }, searchers, seeds, optuna);
        rows.push(...toRows({ problem, parallel }, results));
        say(`${problem.name}, ${parallel} in flight: ${[...results].map(describe).join(', ')}`);
      }
    }
    return { rows, problems: [] };
  },
};

/** A strategy, of ours or of the peer's. */
interface Searcher {
  readonly name: string;
  search(setting: SearchSetting, optuna: Optuna | null): SearchTrace | Promise<SearchTrace>;
}

/** A grid does not look for anything. */
function searchersFor({ peer }: BenchOptions): readonly Searcher[] {
  const ours = searchMethods
    .filter((method) => method !== 'grid')
    .map((method): Searcher => ({ name: method, search: (setting) => searchOurs(method, setting) }));
  const theirs = optunaSamplers.map(
    (sampler): Searcher => ({
      name: peerName(sampler),
      search: (setting, optuna) => searchPeer(optuna!, sampler, setting),
    }),
  );
  return peer === null ? ours : [...ours, ...theirs];
}

function peerName(sampler: OptunaSampler): string {
  return `optuna-${sampler}`;
}

/** What one search came to. */
interface Result {
  /** Trials until a point within the tolerance was tried; infinite where none was. */
  readonly trials: number;
  /** Of the point that the search reports, without noise. */
  readonly regret: number;
  readonly suggestSeconds: readonly number[];
}

type Results = ReadonlyMap<string, readonly Result[]>;

async function race(
  setting: Omit<SearchSetting, 'seed'>,
  searchers: readonly Searcher[],
  seeds: number,
  optuna: Optuna | null,
): Promise<Results> {
  const results = new Map<string, Result[]>(searchers.map(({ name }) => [name, []]));
  for (let seed = 1; seed <= seeds; seed++) {
    for (const { name, search } of searchers) {
      const trace = await search({ ...setting, seed }, optuna);
      results.get(name)!.push(judge(trace, setting.problem, seed));
    }
  }
  return results;
}

function judge({ tried, recommended, suggestSeconds }: SearchTrace, problem: RegretCase, seed: number): Result {
  const { optimum, tolerance, value } = problem.open(seed);
  const within = tried.findIndex(({ params }) => optimum - value(params) <= tolerance);
  return {
    trials: within < 0 ? Number.POSITIVE_INFINITY : within + 1,
    regret: optimum - value(recommended.params),
    suggestSeconds,
  };
}

function toRows(setting: Omit<SearchSetting, 'seed'>, results: Results): readonly BenchRow[] {
  return [...results].map(([strategy, own]) => {
    const trials = own.map((result) => result.trials);
    const suggestMs = own.flatMap(({ suggestSeconds }) => suggestSeconds.map((seconds) => 1000 * seconds));
    const sampler = counterpartOf(strategy);
    const others = sampler === null ? undefined : results.get(peerName(sampler));
    return {
      function: setting.problem.function,
      noise: setting.problem.noise,
      parallel: setting.parallel,
      strategy,
      seeds: own.length,
      medianToOnePercent: finiteOrNull(quantile(trials, 0.5)),
      q1: finiteOrNull(quantile(trials, 0.25)),
      q3: finiteOrNull(quantile(trials, 0.75)),
      hitRate: trials.filter(Number.isFinite).length / own.length,
      medianRegret: quantile(
        own.map((result) => result.regret),
        0.5,
      ),
      p95SuggestMs: quantile(suggestMs, 0.95),
      pWilcoxon: others === undefined ? null : compare(own, others, setting.problem),
    };
  });
}

/** By the trials needed, a search that never came there counting as one more than it had; with noise by the regret. */
function compare(own: readonly Result[], others: readonly Result[], { noise, budget }: RegretCase): number {
  const score = ({ trials, regret }: Result) => (noise > 0 ? regret : Math.min(trials, budget + 1));
  return wilcoxonSignedRank(own.map((result, seed) => score(result) - score(others[seed]!)));
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function describe([name, results]: readonly [string, readonly Result[]]): string {
  const median = quantile(
    results.map(({ trials }) => trials),
    0.5,
  );
  return `${name} ${Number.isFinite(median) ? median : 'never'}`;
}
