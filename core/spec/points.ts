import type { PointPlan } from '../plan.ts';
import type { Suggestion } from '../search/strategy.ts';
import { toDecimal } from '../space/decimal.ts';
import { landmarkSource } from '../space/geometry.ts';
import { type Coordinates, cellText, paramsOf, type Space, spaceHas } from '../space/space.ts';
import type { TaskDefinition } from '../task.ts';
import type { Landmark } from './landmarks.ts';

/** A point without its place in the order and without trials. */
export type PlannedPoint = Pick<PointPlan, 'cell' | 'params' | 'sources' | 'inSpace'>;

/**
 * Landmarks first, then what the strategy chose, each cell once: a landmark that is a chosen cell is one point with
 * both sources. A landmark outside the space runs, but is no search cell.
 */
export function mergePoints(options: {
  readonly space: Space;
  readonly suggestions: readonly Suggestion[];
  readonly source: string;
  readonly definition: TaskDefinition;
  readonly landmarks: readonly Landmark[];
}): readonly PlannedPoint[] {
  const { space, suggestions, source, definition, landmarks } = options;
  const points = new Map<string, PlannedPoint>();
  const add = (point: PlannedPoint) => {
    const known = points.get(point.cell);
    const sources = [...(known?.sources ?? []), ...point.sources];
    points.set(point.cell, { ...(known ?? point), sources });
  };
  for (const landmark of landmarks) {
    const coordinates = landmarkCoordinates(landmark, space, definition);
    add({
      cell: cellText(coordinates),
      params: paramsOf(coordinates),
      sources: [landmarkSource(landmark.name)],
      inSpace: spaceHas(space, coordinates),
    });
  }
  for (const suggestion of suggestions) add({ ...suggestion, sources: [source], inSpace: true });
  return [...points.values()];
}

/** Alpha and beta of the landmark; every other searched parameter at the value it has where it is not searched. */
function landmarkCoordinates(landmark: Landmark, space: Space, { objective, training }: TaskDefinition): Coordinates {
  const values: Readonly<Record<string, unknown>> = {
    ...training,
    ...objective,
    alpha: landmark.alpha,
    beta: landmark.beta,
  };
  return new Map(space.axes.map(({ name }) => [name, toDecimal(Number(values[name]))]));
}
