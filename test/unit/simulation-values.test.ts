import { describe, expect, it } from 'vitest';
import { createAbSurface } from '../../core/simulate/ab-surface.ts';
import { blackboxOfProblem } from '../../core/simulate/problem-blackbox.ts';
import { findProblem } from '../../core/simulate/registry.ts';
import { blackboxOfTable, type TableOptions } from '../../core/simulate/table-blackbox.ts';
import { readTrialTable } from '../../core/simulate/trial-table.ts';
import { type AxisRange, createAxis } from '../../core/space/axis.ts';
import { readConstraint } from '../../core/space/constraint.ts';
import { createSpace } from '../../core/space/space.ts';

const space = (ranges: Readonly<Record<string, AxisRange>>, ...constraints: readonly string[]) =>
  createSpace(
    Object.entries(ranges).map(([name, range]) => createAxis(name, range)),
    constraints.map(readConstraint),
  );
const line = space({ alpha: { min: 0, max: 0.3, step: 0.1 }, beta: { values: [0] } });
const last = { replicate: 0, epoch: 1, epochs: 1 };
const options: TableOptions = { replicates: 1, others: [], nearest: false, tolerance: 0.1 };
const fromCsv = (text: string, given: Partial<TableOptions> = {}, searched = line) =>
  blackboxOfTable(readTrialTable(text, 'csv'), searched, { ...options, ...given });

describe('a table of trials', () => {
  const complete = 'alpha,value\n0,1\n0.1,4\r\n0.2,\n0.30000000000000004,3\n';

  it('gives each cell its value, and null where the trial failed', () => {
    const { value, optimum, epochs } = fromCsv(complete, { replicates: 2 });
    const at = (alpha: number, replicate = 0) => value({ alpha, beta: 0 }, { ...last, replicate });
    expect([at(0), at(0.1, 1), at(0.2), at(0.3)]).toEqual([1, 4, null, 3]);
    expect([optimum, epochs]).toEqual([4, 1]);
  });

  it('gives replicate k the k-th seed, epochs their own values, and the mean of the last as what is expected', () => {
    const rows = [0, 0.1, 0.2, 0.3].flatMap((alpha) =>
      [9, 5].flatMap((seed) => [1, 2].map((epoch) => ({ alpha, seed, epoch, value: 10 * alpha + seed + 100 * epoch }))),
    );
    const table = readTrialTable(JSON.stringify(rows), 'json');
    const { value, expected, epochs, optimum } = blackboxOfTable(table, line, { ...options, replicates: 2 });
    expect([0, 1].map((replicate) => value({ alpha: 0.1 }, { replicate, epoch: 1, epochs }))).toEqual([106, 110]);
    expect([expected({ alpha: 0.1 }), optimum, epochs]).toEqual([208, 210, 2]);
    expect(() => blackboxOfTable(table, line, { ...options, replicates: 3 })).toThrow(
      'it has 2 of column seed, expected as many as replicates: 3',
    );
  });

  it('says which cells are missing, and takes the nearest instead where that is wanted', () => {
    const holes = 'alpha,value\n0,1\n0.1,4\n';
    expect(() => fromCsv(holes, { others: [{ alpha: 1, beta: 0 }] })).toThrow(
      /3 of 5 cells .*: alpha=0\.2 · alpha=0\.3 · alpha=1; --nearest/,
    );
    const { value, optimum } = fromCsv(holes, { nearest: true });
    expect([0, 0.3].map((alpha) => value({ alpha }, last))).toEqual([1, 4]);
    expect(optimum).toBe(4);
    const endless = space({ alpha: { min: 0, max: 1 } });
    expect(() => fromCsv(holes, {}, endless)).toThrow('expected a step, or --nearest');
    expect(fromCsv(holes, { nearest: true }, endless).value({ alpha: 0.04 }, last)).toBe(1);
  });

  it('finds the nearest by the measure of each axis, choices being equal or not', () => {
    const mixed = space({ lr: { min: 0.001, max: 0.1, log: true }, momentum: { values: [0, 0.9], categorical: true } });
    const { value } = fromCsv('lr,momentum,value\n0.001,0,1\n0.1,0,2\n0.02,0.9,3\n', { nearest: true }, mixed);
    expect(value({ lr: 0.02, momentum: 0 }, last)).toBe(2);
    expect(value({ lr: 0.005, momentum: 0 }, last)).toBe(1);
  });

  it.each([
    ['alpha,value\n0,1\n0,2\n', /two rows for alpha=0, epoch 1; expected one/],
    ['alpha,value\n0,x\n', /value of row 1 is "x", expected a number/],
    ['alpha,value\n0,1,2\n', /row 1 has 3 columns, expected 2/],
    ['alpha,top1\n0,1\n', /no column value, expected a column per parameter/],
    ['alpha,lr,value\n0,1,2\n', /its parameters are alpha, lr, expected alpha, beta/],
    ['value\n0\n', /its parameters are none, expected alpha, beta/],
    ['alpha,value\n', /it has no rows/],
  ])('is refused where it is wrong: %j', (text, reason) => {
    expect(() => fromCsv(text)).toThrow(reason);
  });

  it.each([
    ['[{]', /Cannot read the table: /],
    ['{"rows": []}', /no array of objects/],
    ['[{"alpha": "a", "value": 1}]', /alpha of row 1 is "a", expected a number/],
    ['[{"alpha": 0, "value": 1}, {"value": 1}]', /alpha of row 2 is missing/],
  ])('is refused where its JSON is wrong: %j', (text, reason) => {
    expect(() => readTrialTable(text, 'json')).toThrow(reason);
  });
});

describe('a problem under the parameters of a space', () => {
  it('has its own ranges stretched to those of the space, also where they are logarithmic', () => {
    const searched = space({ lr: { min: 0.001, max: 0.1, log: true }, weight: { min: 0, max: 30 } });
    const { value, optimum } = blackboxOfProblem(findProblem('branin')!, searched);
    // (x, y) = (2.5, 7.5) is the middle of Branin's ranges.
    expect(value({ lr: 0.01, weight: 15 }, last)).toBeCloseTo(-24.1299642, 6);
    expect(optimum).toBeCloseTo(-0.397887, 6);
  });

  it('is judged by the best cell of a space that can be listed, and of what constraints leave', () => {
    const plane = { alpha: { min: 0, max: 1.2, step: 0.1 }, beta: { min: -0.2, max: 1, step: 0.1 } };
    const surface = createAbSurface(5);
    expect(blackboxOfProblem(surface, space(plane)).optimum).toBe(surface.optimum);
    expect(blackboxOfProblem(surface, space(plane, 'alpha + beta <= 0.4')).optimum).toBeLessThan(surface.optimum);
    const fine = space({ alpha: { min: 0, max: 1.2 }, beta: { min: -0.2, max: 1 } });
    const { optimum } = blackboxOfProblem(surface, fine);
    expect(optimum).toBeGreaterThanOrEqual(surface.optimum);
    expect(optimum).toBeLessThan(surface.optimum + 0.2);
  });

  it('needs as many parameters as it has, and a surface alpha and beta', () => {
    expect(() => blackboxOfProblem(findProblem('hartmann6')!, line)).toThrow(
      'the space searches alpha, expected 6 parameters',
    );
    expect(() => blackboxOfProblem(findProblem('abSurface:3')!, line)).toThrow(
      'Cannot search abSurface-3: the space searches alpha, expected alpha and beta',
    );
    expect(findProblem('abSurface')?.name).toBe('abSurface-0');
    expect([findProblem('abSurface:x'), findProblem('rosenbrock')]).toEqual([null, null]);
  });
});
