import type { TaskDefinition } from '../task.ts';

/** `cnn-m (5 epochs)`, and what else sets it apart from another of the model; null for a task without teacher. */
export function describeTeacher(definition: TaskDefinition): string | null {
  if (definition.teacher === null) return null;
  const { model, train } = definition.teacher;
  const limit = train.limitTrain === null ? '' : `, ${train.limitTrain} images`;
  return `${model} (${train.epochs} ${train.epochs === 1 ? 'epoch' : 'epochs'}${limit})`;
}

/** The objective with its fixed fields: `abkd T=4 weight=32 ce=1 scale=raw`, `kd T=4 weight=2 ce=1`, `ce`. */
export function describeObjective(definition: TaskDefinition): string {
  const { kind, temperature, weight, ceWeight, scale, compat } = definition.objective;
  if (kind === 'ce') return 'ce';
  const shared = `${kind} T=${temperature} weight=${weight} ce=${ceWeight}`;
  if (kind === 'kd') return shared;
  return `${shared} scale=${scale}${compat === 'exact' ? '' : ` compat=${compat}`}`;
}
