import { findPublished, listPublished } from '../catalog/paper.ts';
import { fixedLandmarks, type LandmarkName } from '../space/geometry.ts';
import type { TaskDefinition } from '../task.ts';

/** A landmark with its place in the plane for one task. */
export interface Landmark {
  readonly name: LandmarkName;
  readonly alpha: number;
  readonly beta: number;
}

/** The landmarks that a task runs. `paper` without a published choice for the task is left out with a warning. */
export function landmarksOf(
  definition: TaskDefinition,
  names: readonly LandmarkName[],
): { readonly found: readonly Landmark[]; readonly warnings: readonly string[] } {
  const placed = names.map((name) => ({ name, place: placeOf(name, definition) }));
  return {
    found: placed.flatMap(({ name, place }) =>
      place === null ? [] : [{ name, alpha: place.alpha, beta: place.beta }],
    ),
    warnings: placed.some(({ place }) => place === null) ? [skipped(definition)] : [],
  };
}

function placeOf(
  name: LandmarkName,
  { dataset, teacher, student }: TaskDefinition,
): { readonly alpha: number; readonly beta: number } | null {
  return name === 'paper' ? findPublished(dataset, teacher?.model ?? null, student.model) : fixedLandmarks[name];
}

function skipped({ dataset, teacher, student }: TaskDefinition): string {
  const pair = `${teacher?.model ?? 'no teacher'} to ${student.model}`;
  const others = listPublished(dataset).map(
    (choice) => `${choice.teacher} to ${choice.student} alpha ${choice.alpha} beta ${choice.beta}`,
  );
  const known = others.length === 0 ? '' : `; published for the dataset: ${others.join(', ')}`;
  return `Landmark paper is skipped for ${dataset}, ${pair}: nothing is published for this pair${known}`;
}
