import { datasets } from '../catalog/datasets.ts';
import { models } from '../catalog/models.ts';
import { unavailableObjectives } from '../catalog/objectives.ts';

/**
 * What the spec will have and this version does not build. It is refused by name, so that a user learns that the
 * feature is known and missing, and not that the name is misspelt. `[]` in a path stands for any index.
 */
const unavailableFields: ReadonlySet<string> = new Set(['resources', 'run.argv', 'run.workdir', 'run.env']);

const laterModels = Object.keys(models).filter((name) => !models[name]!.available);

const unavailableValues: Readonly<Record<string, readonly string[]>> = {
  'tasks[].dataset': Object.keys(datasets).filter((name) => !datasets[name]!.available),
  'tasks[].protocol': ['baseToNew', 'instruct'],
  'tasks[].teacher.model': laterModels,
  'tasks[].student.model': laterModels,
  'objectives[].kind': unavailableObjectives,
  metric: ['hm', 'base', 'new', 'rougeL'],
  'run.kind': ['command'],
};

/** True where the field at the path is known and not built. */
export function isUnavailableField(path: string): boolean {
  return unavailableFields.has(anyIndex(path));
}

/** True where the value at the path is known and not built. */
export function isUnavailableValue(path: string, value: unknown): boolean {
  return typeof value === 'string' && (unavailableValues[anyIndex(path)]?.includes(value) ?? false);
}

function anyIndex(path: string): string {
  return path.replace(/\[\d+\]/g, '[]');
}
