/**
 * Processes drawn from their posterior: length scales, amplitude, noise, and how smooth the surface is. The most probable
 * ones alone claim to know what a few dozen points do not tell: what follows from them is too sure of itself.
 */
import type { Random } from '../../random.ts';
import { defaultHyperparameters, fitHyperparameters, type TrainingData } from '../../search/gp/fit.ts';
import type { Hyperparameters } from '../../search/gp/kernel.ts';
import type { Encoding } from '../../space/encoding.ts';
import { type FittedProcess, fitProcess, type Smoothness, smoothnesses } from './process.ts';

/** What repeated trials of the same points say about the noise, in the units of the data. */
export interface WithinNoise {
  /** Variance of one trial around its point. */
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/**
 * Priors on the logarithms, of standardised values: medians, standard deviations and bounds. A length scale of a third to
 * all of an axis, a surface about as high as the spread of the points, noise of which nothing is known before: the
 * repeated trials say what it is.
 */
const priors = {
  scale: { median: 0.5, sd: 0.8, least: 0.02, greatest: 20 },
  amplitude: { median: 1.5, sd: 1, least: 1e-3, greatest: 1e3 },
  noise: { median: 0.01, sd: 2.5, least: 1e-8, greatest: 4 },
} as const;
/** Sweeps over all hyper-parameters before the first draw. */
const burnIn = 10;
/** First width of a slice, in logarithms. */
const sliceWidth = 1;

/**
 * Slice sampling of one logarithm after the other, and a choice between the kinds of smoothness after each sweep.
 * @param count draws; 1 = the most probable hyper-parameters alone, for data that leave little doubt
 * @see Neal, "Slice sampling", Annals of Statistics 31(3), 2003, section 4 (stepping out and shrinkage)
 * @see Murray and Adams, "Slice sampling covariance hyperparameters of latent Gaussian models", NIPS 2010
 */
export function drawProcesses(
  encoding: Encoding,
  data: TrainingData,
  within: WithinNoise | null,
  { count, random }: { readonly count: number; readonly random: Random },
): readonly FittedProcess[] {
  const start = defaultHyperparameters(encoding);
  if (count === 1)
    return [fitProcess(encoding, data, fitHyperparameters(encoding, data, [start]).hyperparameters, smoothnesses[0])];
  const bounds = boundsOf(encoding);
  const place = (logs: Float64Array, smoothness: Smoothness): Place | null => {
    if (logs.some((log, i) => log < bounds[i]!.least || log > bounds[i]!.greatest)) return null;
    const process = fitProcess(encoding, data, fromLogs(logs), smoothness);
    const density = process.logLikelihood + logPrior(logs, bounds) + logNoise(logs.at(-1)!, within);
    return { logs: Float64Array.from(logs), smoothness, process, density };
  };
  let here = place(toLogs(start), smoothnesses[0])!;
  const sweep = () => {
    for (let index = 0; index < here.logs.length; index++) here = slice(here, index, place, random);
    const other = place(here.logs, smoothnesses.find((each) => each !== here.smoothness)!)!;
    if (random.uniform() < 1 / (1 + Math.exp(here.density - other.density))) here = other;
  };
  for (let i = 0; i < burnIn; i++) sweep();
  return Array.from({ length: count }, () => {
    sweep();
    return here.process;
  });
}

/** Where the chain is. */
interface Place {
  readonly logs: Float64Array;
  readonly smoothness: Smoothness;
  readonly process: FittedProcess;
  /** Logarithm of the posterior density, up to a constant. */
  readonly density: number;
}

/** A move along one logarithm. `place` gives null where the density is 0. */
function slice(
  here: Place,
  index: number,
  place: (logs: Float64Array, smoothness: Smoothness) => Place | null,
  random: Random,
): Place {
  const at = (value: number) => place(here.logs.with(index, value), here.smoothness);
  const level = here.density + Math.log(1 - random.uniform());
  const isAbove = (found: Place | null): found is Place => found !== null && found.density > level;
  const start = here.logs[index]!;
  let left = start - sliceWidth * random.uniform();
  let right = left + sliceWidth;
  while (isAbove(at(left))) left -= sliceWidth;
  while (isAbove(at(right))) right += sliceWidth;
  for (;;) {
    const value = left + (right - left) * random.uniform();
    const found = at(value);
    if (isAbove(found) || value === start) return found ?? here;
    if (value < start) left = value;
    else right = value;
  }
}

interface Bound {
  readonly centre: number;
  readonly sd: number;
  readonly least: number;
  readonly greatest: number;
}

function boundsOf({ scaleCount }: Encoding): readonly Bound[] {
  const all = [...Array.from({ length: scaleCount }, () => priors.scale), priors.amplitude, priors.noise];
  return all.map(({ median, sd, least, greatest }) => ({
    ...{ centre: Math.log(median), sd, least: Math.log(least), greatest: Math.log(greatest) },
  }));
}

function logPrior(logs: Float64Array, bounds: readonly Bound[]): number {
  return bounds.reduce((sum, { centre, sd }, i) => sum - 0.5 * ((logs[i]! - centre) / sd) ** 2, 0);
}

/** What the trials within points say of the noise v: degrees of freedom x variance / v is chi-squared. */
function logNoise(log: number, within: WithinNoise | null): number {
  if (within === null) return 0;
  return -0.5 * within.degreesOfFreedom * (log + within.variance / Math.exp(log));
}

function toLogs({ lengthScales, amplitude, noise }: Hyperparameters): Float64Array {
  return Float64Array.from([...lengthScales, amplitude, noise], Math.log);
}

function fromLogs(logs: Float64Array): Hyperparameters {
  const values = Array.from(logs, Math.exp);
  return { lengthScales: values.slice(0, -2), amplitude: values.at(-2)!, noise: values.at(-1)! };
}
