import type { Comparison, TestedPoint } from '../../api/surface.ts';
import { jointAt } from '../../search/gp/posterior.ts';
import type { TaskDefinition } from '../../task.ts';
import { alphaLineName, bestOnAlphaLine } from '../alpha-line.ts';
import { leadOver, type Noise, pooledNoise } from '../lead.ts';
import { normalCdf } from '../normal.ts';
import { landmarksAmong } from '../points.ts';
import { featuresOf, type SurfaceModel, type SurfacePoint } from './model.ts';

/** The recommended point against the landmarks and the best tried point on alpha + beta = 1. */
export function compareRecommended({
  model,
  points,
  tested,
  recommended,
  objective,
}: {
  readonly model: SurfaceModel;
  readonly points: readonly SurfacePoint[];
  readonly tested: readonly TestedPoint[];
  readonly recommended: TestedPoint;
  readonly objective: TaskDefinition['objective'];
}): readonly Comparison[] {
  const noise = pooledNoise(points.map(({ selectionBySeed }) => selectionBySeed));
  const byCell = new Map(points.map((point) => [point.cell, point]));
  const onLine = bestOnAlphaLine(points, objective, recommended.observed.n / 2);
  const others = [
    ...landmarksAmong(points).map(({ name, point }) => ({ against: name, cell: point.cell })),
    ...(onLine === null ? [] : [{ against: alphaLineName, cell: onLine.cell }]),
  ];
  return others.map(({ against, cell }) => {
    const other = tested.find((point) => point.cell === cell)!;
    if (cell === recommended.cell) return { against, other, lead: null, probability: null };
    return {
      ...{ against, other },
      lead: leadAmong(byCell.get(recommended.cell)!, byCell.get(cell)!, points, noise),
      probability: chanceToLead(model, recommended, other),
    };
  });
}

function leadAmong(best: SurfacePoint, other: SurfacePoint, points: readonly SurfacePoint[], noise: Noise) {
  const candidates = points.filter(({ inSpace, cell }) => inSpace && cell !== other.cell).length;
  return leadOver(best.selectionBySeed, other.selectionBySeed, noise, candidates);
}

function chanceToLead(model: SurfaceModel, one: TestedPoint, other: TestedPoint): number {
  const points = [one, other].map(({ params }) => featuresOf(model.encoding, params));
  const chances = model.posteriors.map((posterior) => {
    const { mean, factor } = jointAt(posterior, points);
    // The rows of the factor are what a unit normal moves each point by.
    const [first, second] = [factor.multiply(Float64Array.of(1, 0)), factor.multiply(Float64Array.of(0, 1))];
    const sd = Math.hypot(first[0]! - first[1]!, second[1]!);
    return normalCdf((mean[0]! - mean[1]!) / sd);
  });
  return chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
}
