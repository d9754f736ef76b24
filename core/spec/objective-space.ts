import { isParameterOf, type ParameterName, parameterNames } from '../catalog/parameters.ts';
import { createRandom } from '../random.ts';
import { createStrategy, methodEntry, type SearchMethod } from '../search/registry.ts';
import type { Suggestion } from '../search/strategy.ts';
import { type Axis, type AxisRange, createAxis } from '../space/axis.ts';
import { bindConstraint, type LinearConstraint } from '../space/constraint.ts';
import { type Decimal, toDecimal } from '../space/decimal.ts';
import { countCells, countFeasible, createSpace, type Space } from '../space/space.ts';
import type { ObjectiveSpec } from './schema.ts';

export type Ranges = Readonly<Partial<Record<ParameterName, AxisRange | undefined>>>;

/**
 * What one objective searches. It searches the parameters of the space that it has and does not fix itself. Alpha and
 * beta are coordinates also where they are fixed (an axis of one value), so that a fixed (1, 0) and the grid cell
 * (1, 0) are the same cell. A constraint over a parameter that the objective does not have does not bind it.
 */
export function objectiveSpace(
  objective: ObjectiveSpec,
  ranges: Ranges,
  constraints: readonly LinearConstraint[],
): Space {
  const axes = parameterNames.flatMap((name) => axisOf(name, objective, ranges));
  const names = new Set(axes.map((axis) => axis.name));
  const fixed = fixedValues(objective);
  const binding = constraints
    .map((constraint) => bindConstraint(constraint, new Map([...fixed].filter(([name]) => !names.has(name)))))
    .filter((constraint) => constraint.terms.every((term) => names.has(term.name)));
  return createSpace(axes, binding);
}

/** Names that the objective searches, out of those of the space. */
export function searchedNames(objective: ObjectiveSpec, ranges: Ranges): readonly ParameterName[] {
  const fixed = fixedValues(objective);
  return parameterNames.filter(
    (name) => ranges[name] !== undefined && isParameterOf(name, objective.kind) && !fixed.has(name),
  );
}

/** How a space is to be searched. */
export interface SearchOptions {
  readonly method: SearchMethod;
  readonly points?: number | undefined;
  readonly seed: number;
}

/** True where results decide what is tried next; a space of one cell has nothing to decide. */
export function isSearchedAdaptively(space: Space, { method }: Pick<SearchOptions, 'method'>): boolean {
  return methodEntry(method).isAdaptive && countCells(space) > 1;
}

/**
 * How many points the strategy will choose.
 * @throws {AbkdError} INVALID_SPEC where the constraints leave nothing that can be found
 */
export function countPoints(space: Space, search: SearchOptions): number {
  if (!isSearchedAdaptively(space, search)) return suggestPoints(space, search).length;
  const cells = countFeasible(space);
  // Of a space too large to be listed it is enough to know that it is not empty.
  if (cells === Number.POSITIVE_INFINITY) suggestPoints(space, { ...search, method: 'random', points: 1 });
  return Math.min(search.points ?? cells, cells);
}

/** The points that the strategy chooses at once; one `default` point for an objective that has nothing to search. */
export function suggestPoints(space: Space, search: SearchOptions): readonly Suggestion[] {
  const strategy = createStrategy(search.method, { complete: search.points === undefined });
  return strategy({
    space,
    history: [],
    pending: [],
    random: createRandom(search.seed).split('search'),
    count: search.points ?? countCells(space),
  });
}

function axisOf(name: ParameterName, objective: ObjectiveSpec, ranges: Ranges): readonly Axis[] {
  if (!isParameterOf(name, objective.kind)) return [];
  const fixed = fixedValues(objective).get(name);
  if (fixed !== undefined)
    return name === 'alpha' || name === 'beta' ? [{ kind: 'values', name, values: [fixed], ordered: true }] : [];
  const range = ranges[name];
  return range === undefined ? [] : [createAxis(name, range)];
}

function fixedValues(objective: ObjectiveSpec): ReadonlyMap<string, Decimal> {
  return new Map(
    Object.entries(objective).flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, toDecimal(value)] as const] : [],
    ),
  );
}
