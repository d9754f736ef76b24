import { lossKernelId } from '../kernel.ts';
import type { TaskDefinition } from '../task.ts';
import { hashOf } from './canonical.ts';

/**
 * What must agree before two results may be pooled: dataset, split, protocol, preprocessing, teacher, student, fixed
 * fields of the objective, training, metric, scale, compat, loss kernel and kind of run. Not the name, the space, or
 * the seeds of replicates. Searched parameters are left out, since they are coordinates of the points; alpha and beta
 * always are. So is where teacher outputs come from: they are the same up to rounding.
 *
 * @param searched names of the parameters that the points carry
 * @returns SHA-256, 64 hexadecimal digits
 */
export function fingerprintOf(definition: TaskDefinition, searched: readonly string[]): string {
  const { objective, teacher } = definition;
  const coordinates = [...searched, 'alpha', 'beta'];
  return hashOf({
    ...comparable(definition, coordinates),
    teacher,
    objective: withoutFields(objective, coordinates),
    searched: searched.filter((name) => name !== 'alpha' && name !== 'beta'),
  });
}

/**
 * The same without what belongs to the objective and its teacher: tasks that share it train the same student on the
 * same images in the same way, so that a baseline (`kd`, or `ce`, which has no teacher) may stand beside an `abkd`
 * task. Whoever sets tasks with teachers side by side also compares the teachers.
 */
export function comparisonKeyOf(definition: TaskDefinition, searched: readonly string[]): string {
  return hashOf(comparable(definition, searched));
}

function comparable(definition: TaskDefinition, searched: readonly string[]) {
  const { dataset, protocol, student, metric, selectOn, checkpoint, training, run, splitSeed } = definition;
  return {
    dataset,
    protocol,
    student,
    metric,
    selectOn,
    checkpoint,
    training: withoutFields(training, [...searched, 'teacherOutputs']),
    run: run.kind,
    splitSeed,
    lossKernelId,
  };
}

function withoutFields(value: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
