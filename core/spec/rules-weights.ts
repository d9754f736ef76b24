import type { Problem } from '../errors.ts';
import type { SpecDraft } from './draft.ts';
import type { TaskSpec } from './schema.ts';

/** The rules that join the fields of a teacher or student with trained weights. */
export function checkWeights({ tasks }: SpecDraft): readonly Problem[] {
  return tasks.flatMap((task, index) => {
    if (task === undefined) return [];
    const { teacher, student } = task;
    return [
      ...(teacher === undefined ? [] : checkTeacher(teacher, `tasks[${index}].teacher`)),
      ...checkNormalisation(student, `tasks[${index}].student`),
    ];
  });
}

function checkTeacher(teacher: NonNullable<TaskSpec['teacher']>, path: string): readonly Problem[] {
  if (teacher.train === undefined || teacher.weights === undefined) return checkNormalisation(teacher, path);
  return [
    { path, message: 'has both train and weights, expected one: a teacher is trained here or has trained weights' },
  ];
}

function checkNormalisation(
  { weights, normalisation }: Pick<TaskSpec['student'], 'weights' | 'normalisation'>,
  path: string,
): readonly Problem[] {
  if (normalisation === undefined) return [];
  const problem = (field: string, message: string) => [{ path: `${path}.${field}`, message }];
  if (weights === undefined) return problem('normalisation', 'is of trained weights, expected weights beside it');
  if (weights.startsWith('artifact:')) {
    return problem('normalisation', 'is not for an artifact, which says itself how its images were normalised');
  }
  if (normalisation === 'imagenet' || normalisation.mean.length === normalisation.std.length) return [];
  const channels = normalisation.mean.length;
  return problem('normalisation.std', `found ${normalisation.std.length} channels, expected ${channels} as in mean`);
}
