import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createAbSurface } from '../../core/simulate/ab-surface.ts';
import { type AxisRange, createAxis } from '../../core/space/axis.ts';
import { readConstraint } from '../../core/space/constraint.ts';
import { cellText, createSpace, listCells, paramsOf, type Space } from '../../core/space/space.ts';
import { canDescribe, describeSurface } from '../../core/stats/surface/describe.ts';
import { fitSurface, type SurfacePoint } from '../../core/stats/surface/model.ts';
import { chancesOfBest, smallestRegion } from '../../core/stats/surface/optimum.ts';

const objective = { kind: 'abkd', alpha: null, beta: null } as never;

function spaceOf(axes: Readonly<Record<string, AxisRange>>, constraints: readonly string[] = []): Space {
  return createSpace(
    Object.entries(axes).map(([name, range]) => createAxis(name, range)),
    constraints.map(readConstraint),
  );
}

const square = spaceOf({ alpha: { min: 0, max: 1, step: 0.25 }, beta: { min: 0, max: 1, step: 0.25 } });

type Value = (params: Readonly<Record<string, number>>, seed: number) => number;

/** Every cell of the space under so many seeds. */
function measure(space: Space, value: Value, seeds = 2): readonly SurfacePoint[] {
  return listCells(space).map((coordinates) => {
    const params = paramsOf(coordinates);
    const values = Array.from({ length: seeds }, (_, seed) => [seed, value(params, seed)] as const);
    return { cell: cellText(coordinates), params, sources: ['grid'], inSpace: true, selectionBySeed: new Map(values) };
  });
}

/** 90 at (0.5, 0.5), falling alike to all sides; seeds add what depends on the place's distance alone. */
const hill: Value = ({ alpha = 0, beta = 0 }, seed) => {
  const squared = (alpha - 0.5) ** 2 + (beta - 0.5) ** 2;
  return 90 - 10 * squared + 0.1 * (seed - 0.5) * Math.cos(40 * squared);
};

const landmark = (name: string, alpha: number, beta: number, values: readonly number[]): SurfacePoint => ({
  cell: `alpha=${alpha},beta=${beta}`,
  params: { alpha, beta },
  sources: [`landmark:${name}`],
  inSpace: false,
  selectionBySeed: new Map(values.map((value, seed) => [seed, value])),
});

describe('describeSurface()', () => {
  const findings = describeSurface({ space: square, objective, points: measure(square, hill) });

  it('finds the top of a hill, and is as sure of it as its sides are alike', () => {
    expect(findings.recommended.params).toEqual({ alpha: 0.5, beta: 0.5 });
    expect(findings.predicted.params).toEqual({ alpha: 0.5, beta: 0.5 });
    expect(findings.region.cells[0]!.params).toEqual({ alpha: 0.5, beta: 0.5 });
    const { mean } = findings.plane;
    for (const [i, row] of mean.entries()) {
      for (const [j, value] of row.entries()) {
        expect(Math.abs(value! - hill({ alpha: j / 4, beta: i / 4 }, 0.5))).toBeLessThan(0.15);
        expect(Math.abs(value! - mean[4 - i]![4 - j]!)).toBeLessThan(0.05);
      }
    }
  });

  it('is the same for the same results', () => {
    expect(describeSurface({ space: square, objective, points: measure(square, hill) })).toEqual(findings);
  });

  it('knows the lines of the plane, as far as they run through the space', () => {
    expect(findings.lines.map(({ name, best }) => [name, best.params])).toEqual([
      ['alpha+beta=1', { alpha: 0.5, beta: 0.5 }],
      ['beta=0', expect.objectContaining({ beta: 0 })],
      ['alpha=0', expect.objectContaining({ alpha: 0 })],
      ['alpha+beta=0', { alpha: 0, beta: 0 }],
    ]);
  });

  it('compares with landmarks, those outside of the space included, and with the best on alpha + beta = 1', () => {
    const points = [...measure(square, hill), landmark('fkl', 1.25, 0, [85, 85.1]), landmark('rkl', 0, 1.5, [70, 70])];
    const { comparisons, tested, recommended } = describeSurface({ space: square, objective, points });
    expect(recommended.cell).toBe('alpha=0.5,beta=0.5');
    expect(comparisons.map(({ against }) => against)).toEqual(['fkl', 'rkl', 'alpha+beta=1']);
    expect(comparisons[0]).toMatchObject({ lead: { n: 2, candidates: 25 }, probability: expect.closeTo(1, 3) });
    expect(comparisons[0]!.lead!.p!).toBeLessThan(1e-6);
    expect(comparisons[2]).toMatchObject({ lead: null, probability: null });
    expect(tested.filter(({ chance }) => chance === null).map(({ inSpace }) => inSpace)).toEqual([false, false]);
    expect(tested.reduce((sum, { chance }) => sum + (chance ?? 0), 0)).toBeCloseTo(1, 9);
  });

  it('says the same of values a million times as large', () => {
    const scaled = describeSurface({ space: square, objective, points: measure(square, (p, s) => 1e6 * hill(p, s)) });
    expect(scaled.region.cells).toEqual(findings.region.cells);
    expect(scaled.recommended.mean / findings.recommended.mean).toBeCloseTo(1e6, 3);
    expect(scaled.recommended.sd / findings.recommended.sd).toBeCloseTo(1e6, -2);
  });

  it('claims nothing where all values are equal', () => {
    const { region, tested } = describeSurface({ space: square, objective, points: measure(square, () => 50) });
    expect(region.size).toBeGreaterThan(15);
    expect(Math.max(...tested.map(({ chance }) => chance!))).toBeLessThan(0.2);
    expect(tested.every(({ mean }) => Math.abs(mean - 50) < 1e-6)).toBe(true);
  });

  it('says that one seed tells nothing of the noise', () => {
    const { n, notes, region } = describeSurface({ space: square, objective, points: measure(square, hill, 1) });
    expect(n).toMatchObject({ trials: 25, noiseSd: null, degreesOfFreedom: 0 });
    expect(notes[0]).toMatch(/^no two seeds/);
    expect(region.probability).toBeGreaterThanOrEqual(0.9);
  });

  it('does not take points that learnt nothing for a cliff', () => {
    const collapsed: Value = (params, seed) => (params.alpha === 0 && params.beta! < 0.6 ? 10 : hill(params, seed));
    const found = describeSurface({ space: square, objective, points: measure(square, collapsed) });
    expect(found.recommended.params).toEqual({ alpha: 0.5, beta: 0.5 });
    expect(found.notes[0]).toMatch(/^3 of the points lie far below/);
    expect(found.recommended.sd).toBeLessThan(0.2);
    expect(found.tested.find(({ cell }) => cell === 'alpha=0,beta=0')!.observed.mean).toBe(10);
  });

  it('has no value where a constraint does not hold', () => {
    const corner = spaceOf({ alpha: { min: 0, max: 1, step: 0.25 }, beta: { min: 0, max: 1, step: 0.25 } }, [
      'alpha + beta <= 1.5',
    ]);
    const { plane, region } = describeSurface({ space: corner, objective, points: measure(corner, hill) });
    expect(plane.mean.map((row) => row.filter((value) => value === null).length)).toEqual([0, 0, 0, 1, 2]);
    expect(region.cells.every(({ params }) => params.alpha! + params.beta! <= 1.5)).toBe(true);
  });

  it('of one parameter is a row', () => {
    const line = spaceOf({ alpha: { min: 0, max: 1, step: 0.1 } });
    const { plane, lines, region } = describeSurface({ space: line, objective, points: measure(line, hill) });
    expect(plane).toMatchObject({ x: 'alpha', y: null, ys: [null] });
    expect(plane.mean[0]).toHaveLength(11);
    expect(lines).toEqual([]);
    expect(Object.keys(region.extent)).toEqual(['alpha']);
  });

  it('of three parameters is the plane through the recommended point, with what each parameter matters', () => {
    const axis = { min: 0, max: 1, step: 0.5 };
    const cube = spaceOf({ alpha: axis, beta: axis, lr: { values: [0.01, 0.02, 0.03] } });
    const value: Value = ({ alpha, lr }) => 90 - 8 * (alpha! - 0.5) ** 2 - 100 * lr!;
    const { plane, importance, notes } = describeSurface({ space: cube, objective, points: measure(cube, value) });
    expect(plane).toMatchObject({ x: 'alpha', y: 'beta', fixed: { lr: 0.01 } });
    expect(notes).toContain('the plane, and the region in it, are those at lr=0.01');
    // Over the box: variance of 8 (a - 1/2)² is 64 / 180, of 100 lr (2 evenly spread) 4 / 12, of beta none.
    expect(importance!.alpha).toBeGreaterThan(0.35);
    expect(importance!.lr).toBeGreaterThan(0.35);
    expect(importance!.beta).toBeLessThan(0.05);
  });
});

it('a surface takes five points of the space and a parameter', () => {
  const points = measure(square, hill);
  expect(canDescribe({ space: square, points: points.slice(0, 5) })).toBe(true);
  expect(canDescribe({ space: square, points: [...points.slice(0, 4), landmark('fkl', 1.25, 0, [1])] })).toBe(false);
  expect(canDescribe({ space: spaceOf({}), points })).toBe(false);
  expect(describeSurface({ space: square, objective, points: points.slice(0, 5) }).n.points).toBe(5);
});

it('regions hold the optimum about as often as they say, and are small', () => {
  const level = 0.9;
  const regions = Array.from({ length: 10 }, (_, seed) => {
    const surface = createAbSurface(1_000 + seed);
    const space = spaceOf(surface.axes);
    const cells = listCells(space).map(paramsOf);
    const points = cells
      .filter((_cell, i) => Math.floor(i / 13) % 2 === 0 && (i % 13) % 2 === 0)
      .map((params) => {
        const trials = [0, 1].map((replicate) => [
          replicate,
          surface.trial(params, { replicate, epoch: 1, epochs: 1 }),
        ]);
        return { params, bySeed: new Map(trials as [number, number][]) };
      });
    const random = createRandom(seed);
    const region = smallestRegion(chancesOfBest(fitSurface(space, points, random), cells, random), level);
    const optimum = cells.findIndex(({ alpha, beta }) => alpha === surface.best.alpha && beta === surface.best.beta);
    return { size: region.length, holds: region.includes(optimum) };
  });
  expect(regions.filter(({ holds }) => holds).length).toBeGreaterThanOrEqual(7);
  expect(regions.reduce((sum, { size }) => sum + size, 0) / regions.length).toBeLessThan(8);
});
