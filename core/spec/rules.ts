import { openFields } from '../catalog/objectives.ts';
import { objectiveParameterNames, objectivesWith, type ParameterName, parameterNames } from '../catalog/parameters.ts';
import { AbkdError, messageOf, type Problem } from '../errors.ts';
import { isDistilling } from '../objective.ts';
import { mostPoints } from '../search/budget.ts';
import { methodEntry } from '../search/registry.ts';
import { type LinearConstraint, readConstraint } from '../space/constraint.ts';
import { canonicalJson } from './canonical.ts';
import type { SpecDraft } from './draft.ts';
import { specLimits } from './limits.ts';
import { searchedNames } from './objective-space.ts';
import { resolveTeacher } from './recipe.ts';
import { checkEarlyStop } from './rules-early-stop.ts';
import { checkNoise } from './rules-noise.ts';
import { checkRanges } from './rules-ranges.ts';
import { checkSize } from './rules-size.ts';
import { checkTraining } from './rules-training.ts';
import { checkWeights } from './rules-weights.ts';
import type { TaskSpec } from './schema.ts';

/** The rules that join fields, over the well-formed parts of a spec. Each problem names one field to change. */
export function checkRules(draft: SpecDraft): readonly Problem[] {
  const rangeProblems = checkRanges(draft);
  const constraints = draft.constraints.map((text) => (text === undefined ? undefined : tryConstraint(text)));
  const problems = [
    ...repeats('tasks', draft.tasks.map(resolvedTask)),
    ...repeats('objectives', draft.objectives),
    ...repeats('search.include', draft.include),
    ...missingTeachers(draft),
    ...checkWeights(draft),
    ...rangeProblems,
    ...constraints.flatMap((constraint, index) => constraintProblems(constraint, index, draft)),
    ...checkTraining(draft),
    ...checkEarlyStop(draft),
    ...unsearched(draft),
    ...missingCoordinates(draft),
    ...landmarksWithoutPlane(draft),
    ...pointsProblems(draft),
    ...checkNoise(draft),
    ...transferProblems(draft),
  ];
  if (!isSearchWhole(draft) || problems.some(({ path }) => path.startsWith('search') || path.startsWith('objectives')))
    return problems;
  const readable = constraints.filter((constraint) => constraint !== undefined && 'terms' in constraint);
  return [...problems, ...checkSize(draft, readable)];
}

/** False where a part of the search is malformed: sizes computed from the rest would mislead. */
function isSearchWhole(draft: SpecDraft): boolean {
  const parts = [draft.method, ...draft.objectives, ...draft.constraints];
  return draft.rangesComplete && parts.every((part) => part !== undefined);
}

/** A task with its defaults, so that one that spells them out equals one that does not. */
function resolvedTask(task: TaskSpec | undefined) {
  return task === undefined ? undefined : { ...task, teacher: resolveTeacher(task) };
}

function repeats(path: string, entries: readonly unknown[]): readonly Problem[] {
  const firsts = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    if (entry === undefined) return [];
    const text = canonicalJson(entry);
    const first = firsts.get(text);
    if (first === undefined) firsts.set(text, index);
    return first === undefined
      ? []
      : [{ path: `${path}[${index}]`, message: `repeats ${path}[${first}], expected each once` }];
  });
}

function missingTeachers(draft: SpecDraft): readonly Problem[] {
  const needing = draft.objectives.find((objective) => objective !== undefined && isDistilling(objective));
  if (needing === undefined) return [];
  return draft.tasks.flatMap((task, index) =>
    task === undefined || task.teacher !== undefined
      ? []
      : [
          {
            path: `tasks[${index}].teacher`,
            message: `is required, expected { model, train } or { model, weights } because objective ${needing.kind} distils`,
          },
        ],
  );
}

function tryConstraint(text: string): LinearConstraint | { readonly message: string } {
  try {
    return readConstraint(text);
  } catch (error) {
    if (error instanceof AbkdError) return { message: messageOf(error) };
    throw error;
  }
}

function constraintProblems(
  constraint: LinearConstraint | { readonly message: string } | undefined,
  index: number,
  draft: SpecDraft,
): readonly Problem[] {
  const path = `search.constraints[${index}]`;
  if (constraint === undefined) return [];
  if ('message' in constraint) return [{ path, message: constraint.message }];
  if (!draft.rangesComplete) return [];
  const known = Object.keys(draft.ranges);
  return constraint.terms
    .filter((term) => !known.includes(term.name))
    .map((term) => ({
      path,
      message: `names ${JSON.stringify(term.name.slice(0, 80))}, expected parameters of search.space (${known.join(', ') || 'there are none'})`,
    }));
}

function unsearched(draft: SpecDraft): readonly Problem[] {
  const objectives = draft.objectives.filter((objective) => objective !== undefined);
  if (objectives.length === 0 || objectives.length < draft.objectives.length) return [];
  const searched = new Set(objectives.flatMap((objective) => searchedNames(objective, draft.ranges)));
  const kinds = [...new Set(objectives.map((objective) => objective.kind))].join(', ');
  return parameterNames
    .filter((name) => draft.ranges[name] !== undefined && !searched.has(name))
    .map((name) => ({ path: `search.space.${name}`, message: unsearchedMessage(name, kinds) }));
}

function unsearchedMessage(name: ParameterName, kinds: string): string {
  const owners = objectivesWith(name).join(', ');
  return `no objective searches it: found ${kinds}, expected one of ${owners} that leaves ${name} open`;
}

function missingCoordinates(draft: SpecDraft): readonly Problem[] {
  if (!draft.rangesComplete) return [];
  return draft.objectives.flatMap((objective, index) =>
    objectiveParameterNames
      .filter((name) => objective !== undefined && openFields(objective.kind).includes(name))
      .filter((name) => objective?.[name] === undefined && draft.ranges[name] === undefined)
      .map((name) => ({
        path: `objectives[${index}].${name}`,
        message: `is required, expected a number here or a range in search.space.${name}`,
      })),
  );
}

function landmarksWithoutPlane(draft: SpecDraft): readonly Problem[] {
  const isOther = draft.objectives.every((objective) => objective !== undefined && objective.kind !== 'abkd');
  if (draft.include.length === 0 || !isOther) return [];
  return [
    { path: 'search.include', message: 'names landmarks of the (alpha, beta) plane, expected an abkd objective' },
  ];
}

function transferProblems({ method, transfer }: SpecDraft): readonly Problem[] {
  if (transfer !== 'auto' || method === undefined || method === 'gp') return [];
  return [{ path: 'search.transfer', message: `found auto beside method ${method}, expected method gp, or none` }];
}

function pointsProblems({ method, points, replicates }: SpecDraft): readonly Problem[] {
  const path = 'search.points';
  if (method === undefined || method === 'grid') return [];
  if (points === undefined)
    return [{ path, message: `is required, expected the number of points of a ${method} search` }];
  const { isAdaptive, maxPoints = specLimits.pointsPerTask } = methodEntry(method);
  const most = mostPoints(points, replicates);
  if (!isAdaptive || most <= maxPoints) return [];
  const found = most === points ? `${points}` : `${points}, which may become ${most} with ${replicates.min} seeds each`;
  return [{ path, message: `found ${found}, expected at most ${maxPoints} for method ${method}` }];
}
