import { AbkdError } from '../errors.ts';
import { axisLength } from '../space/axis.ts';
import { toDecimal } from '../space/decimal.ts';
import { isCategorical, unitCoordinates } from '../space/encoding.ts';
import { cellText, countCells, listCells, maxListedCells, paramsOf, type Space } from '../space/space.ts';
import { meanOf } from '../stats/estimate.ts';
import { groupBy } from '../stats/group.ts';
import type { TrialTime } from './ab-surface.ts';
import type { Blackbox } from './blackbox.ts';
import type { TableRow, TrialTable } from './trial-table.ts';

type Params = Readonly<Record<string, number>>;

export interface TableOptions {
  /** Replicates that each cell must have. */
  readonly replicates: number;
  /** Points outside the space that will be tried too. */
  readonly others: readonly Params[];
  /** A cell that is missing has the values of the nearest one that is there. */
  readonly nearest: boolean;
  readonly tolerance: number;
}

/** Cells that are named in an error. */
const shownCells = 8;

/**
 * What a table says about the cells of a space. Replicate k of a cell is the k-th seed of the table, in ascending order;
 * a table without seeds has one value for all of them.
 *
 * @throws {AbkdError} MISSING_DATA naming the cells that are not there, or the columns or seeds that do not match
 */
export function blackboxOfTable(table: TrialTable, space: Space, options: TableOptions): Blackbox {
  checkColumns(table, space);
  const names = space.axes.map(({ name }) => name).filter((name) => table.parameters.includes(name));
  const epochs = Math.max(...table.rows.map(({ epoch }) => epoch));
  const known = readCells(table, names, epochs, seedsOf(table, options.replicates));
  const isListed = countCells(space) <= maxListedCells;
  const cells = isListed ? listCells(space).map(paramsOf) : [];
  if (!options.nearest) {
    if (!isListed) throw unusable('the space has more cells than a table can have, expected a step, or --nearest');
    checkComplete(known, [...cells, ...options.others], names);
  }
  const find = options.nearest
    ? nearestCell(known, space, names)
    : (params: Params) => known.get(cellOf(params, names))!;
  const candidates = isListed ? cells.map(find) : [...known.values()];
  const optimum = Math.max(...candidates.map(({ mean }) => mean ?? Number.NEGATIVE_INFINITY));
  return {
    epochs,
    value: (params, at) => find(params).value(at),
    expected: (params) => find(params).mean,
    optimum: Number.isFinite(optimum) ? optimum : null,
    tolerance: options.tolerance,
  };
}

/** A cell of which every replicate is known to its last epoch. */
interface KnownCell {
  readonly params: Params;
  /** Over the replicates, at the last epoch; null where all of them failed. */
  readonly mean: number | null;
  value(at: TrialTime): number | null;
}

function checkColumns({ parameters }: TrialTable, { axes }: Space): void {
  const isMissing = axes.some((axis) => axisLength(axis) > 1 && !parameters.includes(axis.name));
  const isSurplus = parameters.some((name) => !axes.some((axis) => axis.name === name));
  if (!isMissing && !isSurplus) return;
  const expected = axes.map(({ name }) => name).join(', ');
  throw unusable(`its parameters are ${parameters.join(', ') || 'none'}, expected ${expected}`);
}

/** The seeds that stand for the replicates. */
function seedsOf({ rows, seedColumn }: TrialTable, replicates: number): readonly number[] {
  const seeds = [...new Set(rows.map(({ seed }) => seed))].sort((a, b) => a - b);
  if (seedColumn === null || seeds.length >= replicates) return seeds.slice(0, replicates);
  throw unusable(`it has ${seeds.length} of column ${seedColumn}, expected as many as replicates: ${replicates}`);
}

function readCells(
  { rows, seedColumn }: TrialTable,
  names: readonly string[],
  epochs: number,
  seeds: readonly number[],
): ReadonlyMap<string, KnownCell> {
  const cells = [...groupBy(rows, ({ params }) => cellOf(params, names))];
  return new Map(
    cells.flatMap(([cell, own]) => {
      const curves = seeds.map((seed) => own.filter((row) => row.seed === seed).sort((a, b) => b.epoch - a.epoch));
      for (const curve of curves) assertOnce(cell, curve, seedColumn);
      const isComplete = curves.every(([last]) => last?.epoch === epochs);
      return isComplete ? [[cell, knownCell(own[0]!.params, curves)] as const] : [];
    }),
  );
}

/** @param curves of each replicate, latest epoch first */
function knownCell(params: Params, curves: readonly (readonly TableRow[])[]): KnownCell {
  const ends = curves.flatMap(([last]) => last!.value ?? []);
  return {
    params,
    mean: ends.length === 0 ? null : meanOf(ends),
    value: ({ replicate, epoch }) =>
      curves[replicate % curves.length]!.find((row) => row.epoch <= epoch)?.value ?? null,
  };
}

function assertOnce(cell: string, curve: readonly TableRow[], seedColumn: string | null): void {
  const again = curve.find((row, place) => row.epoch === curve[place + 1]?.epoch);
  if (again === undefined) return;
  const which = seedColumn === null ? '' : `, ${seedColumn} ${again.seed}`;
  throw unusable(`it has two rows for ${cell}${which}, epoch ${again.epoch}; expected one`);
}

function checkComplete(
  known: ReadonlyMap<string, KnownCell>,
  wanted: readonly Params[],
  names: readonly string[],
): void {
  const missing = wanted.map((params) => cellOf(params, names)).filter((cell) => !known.has(cell));
  if (missing.length === 0) return;
  const shown = missing.slice(0, shownCells).join(' · ');
  const others = missing.length > shownCells ? ` and ${missing.length - shownCells} more` : '';
  throw unusable(
    `${missing.length} of ${wanted.length} cells have no row, or not one per replicate up to the last epoch: ${shown}${others}; --nearest takes the nearest cell instead`,
  );
}

/** By the distance in unit coordinates; two different choices are at distance 1. */
function nearestCell(
  known: ReadonlyMap<string, KnownCell>,
  space: Space,
  names: readonly string[],
): (params: Params) => KnownCell {
  const axes = space.axes.filter(({ name }) => names.includes(name));
  const places = [...known.values()].map((cell) => ({ cell, unit: unitCoordinates(axes, cell.params) }));
  if (places.length === 0) throw unusable('no cell has a row per replicate up to the last epoch');
  const distance = (from: Float64Array, to: Float64Array) =>
    axes.reduce(
      (sum, axis, i) => sum + (isCategorical(axis) ? Number(from[i] !== to[i]) : (from[i]! - to[i]!) ** 2),
      0,
    );
  return (params) => {
    const same = known.get(cellOf(params, names));
    if (same !== undefined) return same;
    const from = unitCoordinates(axes, params);
    return places.reduce((best, place) => (distance(from, place.unit) < distance(from, best.unit) ? place : best)).cell;
  };
}

/** A table of doubles says 0.30000000000000004 where it means 0.3. */
function cellOf(params: Params, names: readonly string[]): string {
  return cellText(new Map(names.map((name) => [name, toDecimal(Number(params[name]!.toPrecision(12)))])));
}

function unusable(reason: string): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot search the table: ${reason}`);
}
