/**
 * Search with a tree-structured Parzen estimator: where do the better points lie (density l), where the others (g)? Of
 * some cells drawn from l the one with the greatest l / g is tried, which is the one with the greatest expected
 * improvement over what parts the two groups. Far cheaper than a Gaussian process, and at ease with many points.
 *
 * @see Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, equation 8
 */
import { suggestRandom } from '../random.ts';
import { suggestSobol } from '../sobol.ts';
import { oneByOne, type SearchRequest, type Strategy, type Suggestion } from '../strategy.ts';
import { drawCandidates } from './candidates.ts';
import { createParzenEstimate } from './parzen.ts';
import { splitPoints } from './split.ts';

/** Evenly spread points before the densities take over. */
const startPoints = 10;
/** Cells that are drawn from l: with many more the search only follows the best point. */
const candidates = 24;

export const suggestByParzenEstimator: Strategy = oneByOne(suggestOne);

function suggestOne(request: SearchRequest): readonly Suggestion[] {
  const { space, history, pending } = request;
  const place = history.length + pending.length;
  if (place < startPoints || space.axes.length === 0) return suggestSobol(request);
  const random = request.random.split('tpe', place);
  const { good, bad } = splitPoints(request);
  const [promising, others] = [createParzenEstimate(space, good), createParzenEstimate(space, bad)];
  const drawn = drawCandidates({ ...request, random }, promising, candidates).map(({ suggestion, unit }) => ({
    suggestion,
    logRatio: promising.logDensity(unit) - others.logDensity(unit),
  }));
  if (drawn.length === 0) return suggestRandom(request);
  const best = drawn.reduce((top, other) => (other.logRatio > top.logRatio ? other : top));
  const trace = { hyperparameters: null, fittedAt: history.length, acquisition: best.logRatio };
  return [{ ...best.suggestion, trace }];
}
