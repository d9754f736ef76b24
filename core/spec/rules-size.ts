import { AbkdError, messageOf, type Problem } from '../errors.ts';
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
  const perTask = counts.reduce<number>((sum, count) => sum + Number(count), 0);
  const trials = perTask * draft.tasks.length * draft.replicates;
  if (trials <= specLimits.trials) return [];
  return [
    {
      path: 'search.space',
      message: `the sweep would have ${trials} trials (${perTask} points per task x ${draft.tasks.length} tasks x ${draft.replicates} replicates), expected at most ${specLimits.trials}`,
    },
  ];
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
