/**
 * A search that starts from finished tasks. Their surfaces, by weight, are what is expected of the new task
 * (transfer-posterior.ts); the weights are how well they rank its results (rank-weights.ts). Where all of it together
 * ranks them no better than a model of the task's own results, the search goes on as if there were no sources.
 */
import { createEncoding, type Encoding } from '../../space/encoding.ts';
import { suggestRandom } from '../random.ts';
import type { Observation, SearchRequest, Strategy, Suggestion, SuggestionTrace } from '../strategy.ts';
import type { TransferTrace } from '../transfer.ts';
import { defaultHyperparameters, fitHyperparameters, type TrainingData } from './fit.ts';
import { leaveOneOut } from './left-out.ts';
import { maximiseOverSpace } from './maximise.ts';
import { createPosterior } from './posterior.ts';
import { chanceToRankBetter, rankingLosses, weightsOf } from './rank-weights.ts';
import { createSourceSurfaces, type Moments } from './source-surface.ts';
import { featuresOf, standardisationOf, trainingData } from './strategy.ts';
import { createTransferAcquisition } from './transfer-acquisition.ts';
import { createTransferPosterior, type TransferPosterior } from './transfer-posterior.ts';

/** Results from which on the sources are judged; before, they are trusted alike, with so much of the weight in all. */
const judgedFrom = 3;
const trust = 0.9;
/** With more results than this a task needs no help. */
const outgrownAbove = 50;

/** The strategy, which starts from the sources of a request that has some. */
export function withTransfer(strategy: Strategy): Strategy {
  return (request) => {
    const { sources = [], space, history } = request;
    const isFailing = history.length > 0 && history.every(({ value }) => value === null);
    if (sources.length === 0 || space.axes.length === 0 || isFailing) return strategy(request);
    const { trace, posterior } = consult({ ...request, sources });
    if (posterior !== null) return suggestAll(request, posterior, trace);
    return strategy(request).map((suggestion) => ({
      ...suggestion,
      trace: { ...unmodelled, ...suggestion.trace, transfer: trace },
    }));
  };
}

function suggestAll(
  request: SearchRequest,
  posterior: TransferPosterior,
  transfer: TransferTrace,
): readonly Suggestion[] {
  const encoding = createEncoding(request.space);
  const suggestions: Suggestion[] = [];
  while (suggestions.length < request.count) {
    const pending = [...request.pending, ...suggestions];
    const believed = posterior.believe(pending.map(({ params }) => featuresOf(encoding, params)));
    const random = request.random.split('transfer', request.history.length + pending.length);
    const best = maximiseOverSpace({ ...request, pending, random }, encoding, createTransferAcquisition(believed));
    // The space has no more, as far as could be found: chance looks once more.
    if (best === null)
      return [...suggestions, ...suggestRandom({ ...request, pending, count: request.count - suggestions.length })];
    const acquisition = believed.means.length === 0 ? null : best.value;
    suggestions.push({ ...best.suggestion, trace: { ...unmodelled, acquisition, transfer } });
  }
  return suggestions;
}

const unmodelled: SuggestionTrace = { hyperparameters: null, fittedAt: 0, acquisition: null };

/** What the sources and the results of a task say together. */
export interface Consultation {
  readonly trace: TransferTrace;
  /** Null where transfer is off. */
  readonly posterior: TransferPosterior | null;
}

/** Depends on the results alone, and not on what is on its way. At least one of the results, if there are any, is a value. */
export function consult({
  sources,
  space,
  history,
  random,
}: Pick<Required<SearchRequest>, 'sources' | 'space' | 'history' | 'random'>): Consultation {
  const off = (state: 'MISLEADING' | 'OUTGROWN'): Consultation => ({
    trace: { state, weights: sources.map(() => 0) },
    posterior: null,
  });
  if (history.length > outgrownAbove) return off('OUTGROWN');
  const encoding = createEncoding(space);
  const surfaces = createSourceSurfaces(encoding, sources);
  const results = resultsOf(encoding, history);
  const on = (weights: readonly number[]) => ({
    trace: { state: 'ON', weights } as const,
    posterior: createTransferPosterior({ encoding, surfaces, weights }, results),
  });
  if (history.length < judgedFrom) return on(sources.map(() => trust / sources.length));
  const draw = random.split('ranks', history.length);
  const losses = (prediction: Moments, of: string | number) =>
    rankingLosses(prediction, results.values, draw.split(of));
  const own = losses(ownLeaveOneOut(encoding, history), 'own');
  const weights = weightsOf(
    surfaces.map((surface, at) => losses(surface.moments(results.features), at)),
    own,
  );
  if (weights.every((weight) => weight === 0)) return off('MISLEADING');
  const together = on(weights);
  return chanceToRankBetter(losses(together.posterior.leaveOneOut(), 'together'), own) < 0.5
    ? off('MISLEADING')
    : together;
}

/** In the metric's unit; points that failed count as bad as the worst that did not. */
function resultsOf(encoding: Encoding, history: readonly Observation[]): TrainingData {
  return { ...trainingData(encoding, history), values: Float64Array.from(standardisationOf(history).values) };
}

/** What a model of the results alone says of each from the others. */
function ownLeaveOneOut(encoding: Encoding, history: readonly Observation[]) {
  const data = trainingData(encoding, history);
  const { hyperparameters } = fitHyperparameters(encoding, data, [defaultHyperparameters(encoding)]);
  const { factor, weights } = createPosterior(encoding, data, hyperparameters);
  return leaveOneOut(factor, weights, data.values);
}
