/**
 * Made-up accuracy surfaces over the (alpha, beta) plane, like those of real sweeps in what makes them hard: a broad top
 * that lies along a line of constant alpha + beta, small bumps, seeds that differ by as much as good cells do, and epochs
 * at which early ranks mislead. Drawn from a seed; the same seed gives the same surface.
 */
import { createRandom, deriveSeed, type Random } from '../random.ts';
import { type AxisRange, axisValue, createAxis } from '../space/axis.ts';
import { toNumber } from '../space/decimal.ts';
import type { TestProblem } from './problem.ts';

export interface AbSurface extends TestProblem {
  readonly axes: { readonly alpha: AxisRange; readonly beta: AxisRange };
  /** What a trial reports after `epoch` of `epochs`, in percent; the same (params, replicate, epoch) the same. */
  trial(params: Readonly<Record<string, number>>, at: TrialTime): number;
  /** Cell of the optimum. */
  readonly best: { readonly alpha: number; readonly beta: number };
}

export interface TrialTime {
  readonly replicate: number;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
}

/** Standard deviation of seeds, points of accuracy: what a cell adds of its own, and what all cells of a replicate share. */
export const abSurfaceNoise = { own: 0.15, shared: 0.1 } as const;

/** The grid of the paper's search in vision, a little wider. */
const axes = { alpha: { min: 0, max: 1.2, step: 0.1 }, beta: { min: -0.2, max: 1, step: 0.1 } } as const;

interface Shape {
  readonly alpha: number;
  readonly sum: number;
  readonly alphaWidth: number;
  readonly sumWidth: number;
  readonly peak: number;
  readonly drop: number;
  readonly bumps: readonly { readonly alpha: number; readonly beta: number; readonly phase: number; height: number }[];
}

/** One surface. */
export function createAbSurface(seed: number): AbSurface {
  return surfaceOf(
    `abSurface-${seed}`,
    drawShape(createRandom(seed).split('ab-surface')),
    deriveSeed('ab-noise', seed),
  );
}

/**
 * Surface `member` of a family: datasets on which the same objective is searched. They have their shape in common; the
 * level is each one's own, and the top is moved by about one cell.
 */
export function createRelatedAbSurface(family: number, member: number): AbSurface {
  const common = drawShape(createRandom(family).split('ab-surface'));
  const random = createRandom(family).split('ab-member', member);
  const shape: Shape = {
    ...common,
    alpha: clamp(common.alpha + 0.08 * random.normal(), 0.1, 1.1),
    sum: clamp(common.sum + 0.06 * random.normal(), 0.6, 1.3),
    alphaWidth: common.alphaWidth * Math.exp(0.1 * random.normal()),
    sumWidth: common.sumWidth * Math.exp(0.1 * random.normal()),
    peak: 55 + 35 * random.uniform(),
    drop: common.drop * Math.exp(0.2 * random.normal()),
    bumps: drawBumps(random),
  };
  return surfaceOf(`abSurface-${family}-${member}`, shape, deriveSeed('ab-noise', family, member));
}

function drawShape(random: Random): Shape {
  return {
    alpha: 0.2 + 0.8 * random.uniform(),
    sum: 0.7 + 0.5 * random.uniform(),
    alphaWidth: 0.35 + 0.25 * random.uniform(),
    sumWidth: 0.2 + 0.2 * random.uniform(),
    peak: 55 + 35 * random.uniform(),
    drop: 3 + 5 * random.uniform(),
    bumps: drawBumps(random),
  };
}

function drawBumps(random: Random): Shape['bumps'] {
  return Array.from({ length: 4 }, () => ({
    alpha: 6 * random.normal(),
    beta: 6 * random.normal(),
    phase: 2 * Math.PI * random.uniform(),
    height: 0.06,
  }));
}

function surfaceOf(name: string, shape: Shape, noiseSeed: number): AbSurface {
  const value = ({ alpha = 0, beta = 0 }: Readonly<Record<string, number>>) => {
    const distance =
      ((alpha - shape.alpha) / shape.alphaWidth) ** 2 + ((alpha + beta - shape.sum) / shape.sumWidth) ** 2;
    const bumps = shape.bumps.reduce(
      (sum, bump) => sum + bump.height * Math.sin(bump.alpha * alpha + bump.beta * beta + bump.phase),
      0,
    );
    return shape.peak - shape.drop * (1 - Math.exp(-0.5 * distance)) + bumps;
  };
  const best = bestCell(value);
  return {
    name,
    axes,
    value,
    optimum: value(best),
    tolerance: 0.1,
    best,
    trial: (params, time) => value(params) - unlearnt(params, time, noiseSeed) + noise(params, time, noiseSeed),
  };
}

function bestCell(value: TestProblem['value']): AbSurface['best'] {
  const [alphas, betas] = [createAxis('alpha', axes.alpha), createAxis('beta', axes.beta)].map((axis) =>
    Array.from({ length: axis.kind === 'steps' ? axis.count : 0 }, (_, place) => toNumber(axisValue(axis, place))),
  ) as [number[], number[]];
  const cells = alphas.flatMap((alpha) => betas.map((beta) => ({ alpha, beta })));
  return cells.reduce((top, cell) => (value(cell) > value(top) ? cell : top));
}

/** What is still to be learnt: a power law that some points follow faster than others. 0 in the last epoch. */
function unlearnt(params: Readonly<Record<string, number>>, { epoch, epochs }: TrialTime, noiseSeed: number): number {
  const speed = Math.exp(0.05 * drawAt(noiseSeed, 'speed', params, 0).normal());
  return speed * 12 * ((epochs / epoch) ** 0.4 - 1);
}

/** The nearer to the end, the less the metric jumps from epoch to epoch. */
function noise(
  params: Readonly<Record<string, number>>,
  { replicate, epoch, epochs }: TrialTime,
  seed: number,
): number {
  const shared = abSurfaceNoise.shared * createRandom(seed).split('replicate', replicate).normal();
  const own = abSurfaceNoise.own * drawAt(seed, 'own', params, replicate).normal();
  const jump = 0.4 * (1 - epoch / epochs) * drawAt(seed, `epoch-${epoch}`, params, replicate).normal();
  return shared + own + jump;
}

function drawAt(seed: number, purpose: string, params: Readonly<Record<string, number>>, replicate: number): Random {
  const place = Object.keys(params)
    .sort()
    .flatMap((name) => [name, params[name]!]);
  return createRandom(seed).split(purpose, replicate, ...place);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
