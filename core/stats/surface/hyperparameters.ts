/**
 * Hyper-parameters drawn from their posterior. The most probable ones alone claim to know how rough the surface is, which
 * a few dozen points do not tell: what follows from them is too sure of itself.
 */
import { minimise } from '../../linear/minimise.ts';
import type { Random } from '../../random.ts';
import { createNegativeLogPosterior, defaultHyperparameters, type TrainingData } from '../../search/gp/fit.ts';
import type { Hyperparameters } from '../../search/gp/kernel.ts';
import type { Encoding } from '../../space/encoding.ts';

/** What repeated trials of the same points say about the noise, in the units of the data. */
export interface WithinNoise {
  /** Variance of one trial around its point. */
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/** Logarithms stay within these of length scales, amplitude and noise. */
const limits = { scale: [0.02, 20], amplitude: [1e-3, 1e3], noise: [1e-8, 4] } as const;
/** Sweeps over all hyper-parameters before the first draw and between two. */
const burnIn = 5;
const thinning = 1;
/** First width of a slice, in logarithms. */
const sliceWidth = 1;

/**
 * Starts from the most probable hyper-parameters and goes on by slice sampling, one logarithm after the other.
 * @param count draws; 1 = the most probable ones alone
 * @see Neal, "Slice sampling", Annals of Statistics 31(3), 2003, section 4 (stepping out and shrinkage)
 */
export function drawHyperparameters(
  encoding: Encoding,
  data: TrainingData,
  within: WithinNoise | null,
  options: { readonly count: number; readonly random: Random },
): readonly Hyperparameters[] {
  const objective = withNoise(createNegativeLogPosterior(encoding, data), within);
  const bounds = boundsOf(encoding);
  const start = toLogs(defaultHyperparameters(encoding));
  const { x } = minimise(objective, start, bounds, { iterations: 60, tolerance: 1e-6 });
  if (options.count === 1) return [fromLogs(x)];
  const scratch = new Float64Array(x.length);
  const logDensity = (logs: Float64Array) => {
    const isWithin = logs.every((log, i) => log >= bounds.lower[i]! && log <= bounds.upper[i]!);
    return isWithin ? -objective(logs, scratch) : Number.NEGATIVE_INFINITY;
  };
  const chain = createChain(logDensity, x, options.random);
  for (let sweep = 0; sweep < burnIn; sweep++) chain.sweep();
  return Array.from({ length: options.count }, () => {
    for (let sweep = 0; sweep < thinning; sweep++) chain.sweep();
    return fromLogs(chain.state);
  });
}

/** Adds to -ln p what the trials within points say: degrees of freedom x variance / v is chi-squared. */
function withNoise(
  objective: (logs: Float64Array, gradient: Float64Array) => number,
  within: WithinNoise | null,
): typeof objective {
  if (within === null) return objective;
  const { variance, degreesOfFreedom } = within;
  return (logs, gradient) => {
    const value = objective(logs, gradient);
    const ratio = variance / Math.exp(logs.at(-1)!);
    gradient[logs.length - 1]! += 0.5 * degreesOfFreedom * (1 - ratio);
    return value + 0.5 * degreesOfFreedom * (logs.at(-1)! + ratio);
  };
}

function createChain(logDensity: (x: Float64Array) => number, start: Float64Array, random: Random) {
  const state = Float64Array.from(start);
  let height = logDensity(state);
  const at = (index: number, value: number) => {
    const kept = state[index]!;
    state[index] = value;
    const density = logDensity(state);
    state[index] = kept;
    return density;
  };
  const move = (index: number) => {
    const here = state[index]!;
    const level = height + Math.log(1 - random.uniform());
    let left = here - sliceWidth * random.uniform();
    let right = left + sliceWidth;
    while (at(index, left) > level) left -= sliceWidth;
    while (at(index, right) > level) right += sliceWidth;
    for (;;) {
      const next = left + (right - left) * random.uniform();
      const density = at(index, next);
      if (density >= level) {
        state[index] = next;
        height = density;
        return;
      }
      if (next < here) left = next;
      else right = next;
    }
  };
  return {
    state,
    sweep: () => {
      for (let index = 0; index < state.length; index++) move(index);
    },
  };
}

function boundsOf({ scaleCount }: Encoding) {
  const of = (end: 0 | 1) => [
    ...Array.from({ length: scaleCount }, () => limits.scale[end]),
    limits.amplitude[end],
    limits.noise[end],
  ];
  return { lower: Float64Array.from(of(0), Math.log), upper: Float64Array.from(of(1), Math.log) };
}

function toLogs({ lengthScales, amplitude, noise }: Hyperparameters): Float64Array {
  return Float64Array.from([...lengthScales, amplitude, noise], Math.log);
}

function fromLogs(logs: Float64Array): Hyperparameters {
  const values = Array.from(logs, Math.exp);
  return { lengthScales: values.slice(0, -2), amplitude: values.at(-2)!, noise: values.at(-1)! };
}
