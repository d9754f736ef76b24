import type { TaskDefinition } from '../task.ts';

/** `cnn-m (5 epochs)`, and what else sets it apart from another of the model; null for a task without teacher. */
export function describeTeacher(definition: TaskDefinition): string | null {
  if (definition.teacher === null) return null;
  const { model } = definition.teacher;
  if ('weights' in definition.teacher) return `${model} (${definition.teacher.weights})`;
  const { train } = definition.teacher;
  const limit = train.limitTrain === null ? '' : `, ${train.limitTrain} images`;
  return `${model} (${train.epochs} ${train.epochs === 1 ? 'epoch' : 'epochs'}${limit})`;
}

/** Names that are shorter than the field's. */
const shortNames: Readonly<Record<string, string>> = { temperature: 'T', ceWeight: 'ce' };

/**
 * The objective with its fixed fields: `abkd T=4 weight=32 ce=1 scale=raw`, `skl T=4 weight=32 ce=1 skew=0.1 scale=raw`,
 * `ce`. Alpha and beta are coordinates of the points and not named.
 */
export function describeObjective({ objective }: TaskDefinition): string {
  const { kind, ...fields } = objective;
  const shown = Object.entries(fields).filter(
    ([name, value]) => value !== null && name !== 'alpha' && name !== 'beta' && value !== 'exact',
  );
  return [kind, ...shown.map(([name, value]) => `${shortNames[name] ?? name}=${value}`)].join(' ');
}
