import { AbkdError, messageOf, type Problem } from '../errors.ts';
import { trialBudget } from '../search/budget.ts';
import { countConfirming } from '../search/confirmation.ts';
import type { LinearConstraint } from '../space/constraint.ts';
import { countCells, maxListedCells, type Space } from '../space/space.ts';
import type { SpecDraft } from './draft.ts';
import { specLimits } from './limits.ts';
import { countPoints, objectiveSpace } from './objective-space.ts';
import type { ObjectiveSpec } from './schema.ts';

/** How much the sweep would run: an empty space and one beyond the limits are refused. For otherwise good searches. */
export function checkSize(draft: SpecDraft, constraints: readonly LinearConstraint[]): readonly Problem[] {
  const counts = draft.objectives
    .filter((objective) => objective !== undefined)
    .map((objective) => sizeOf(objective, draft, constraints));
  const problems = counts.filter((count) => typeof count !== 'number');
  if (problems.length > 0) return uniqueProblems(problems);
  const points = counts.map(Number);
  const perTask = points.reduce((sum, count) => sum + count, 0);
  const trials = draft.tasks.length * points.reduce((sum, count) => sum + trialsOf(count, draft), 0);
  if (trials <= specLimits.trials) return [];
  return [
    {
      path: 'search.space',
      message: `the sweep would have ${trials} trials (${perTask} points per task x ${draft.tasks.length} tasks x ${describeSeeds(draft)}), expected at most ${specLimits.trials}`,
    },
  ];
}

function trialsOf(points: number, { replicates, confirm }: SpecDraft): number {
  return trialBudget(points, replicates) + (confirm === undefined ? 0 : countConfirming(confirm, points));
}

function describeSeeds({ replicates: { min, max }, confirm }: SpecDraft): string {
  const seeds = min === max ? `${min} replicates` : `${min} to ${max} replicates`;
  return confirm === undefined ? seeds : `${seeds}, and ${confirm.seeds} more for ${confirm.points} of them`;
}

function sizeOf(
  objective: ObjectiveSpec,
  draft: SpecDraft,
  constraints: readonly LinearConstraint[],
): number | Problem {
  const { method, points, seed } = draft;
  if (method === undefined) return 0;
  const space = objectiveSpace(objective, draft.ranges, constraints);
  if (method === 'grid' && countCells(space) > maxListedCells) return tooLarge(countCells(space), maxListedCells);
  try {
    const count = countPoints(space, { method, points, seed });
    if (count === 0) return nothingLeft(space);
    return count > specLimits.pointsPerTask ? tooLarge(count, specLimits.pointsPerTask) : count;
  } catch (error) {
    if (error instanceof AbkdError) return { path: 'search.constraints', message: messageOf(error) };
    throw error;
  }
}

function tooLarge(cells: number, most: number): Problem {
  return { path: 'search.space', message: `the grid has ${cells} cells, expected at most ${most}` };
}

function nothingLeft(space: Space): Problem {
  const texts = space.constraints.map((constraint) => constraint.text).join('; ');
  return {
    path: 'search.constraints',
    message: `none of the ${countCells(space)} cells satisfies ${JSON.stringify(texts)}, expected at least one`,
  };
}

function uniqueProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.path + problem.message, problem])).values()];
}
