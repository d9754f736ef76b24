import { datasets } from '../catalog/datasets.ts';
import type { TaskDefinition } from '../task.ts';
import type { TrialCounts } from '../trial-counts.ts';

/** What a reader of a group must know beside its numbers; empty where there is nothing to warn of. */
export function summaryNotes(group: {
  readonly definition: TaskDefinition;
  readonly trials: TrialCounts;
  /** Points that open searches are still to suggest. */
  readonly pointsToCome: number;
  /** Points that early stopping stopped, by the epoch. */
  readonly stopped: ReadonlyMap<number, number>;
  readonly backends: readonly string[];
  readonly kernelIds: readonly string[];
  /** Search cells that could not be called best for want of seeds. */
  readonly leftOut: number;
  /** Mean test value of the teacher; null where there is none. */
  readonly teacherTest: number | null;
  readonly teacherSha256: string | null;
  /** Teachers under the fingerprint, each a group of its own. */
  readonly teachers: number;
  /** Mean selection value of each point that has one. */
  readonly pointMeans: readonly number[];
}): readonly string[] {
  const { definition, trials, backends, kernelIds, leftOut, teacherTest, teacherSha256, teachers, pointMeans } = group;
  const chance = chanceOf(definition);
  const collapsed = pointMeans.filter((mean) => mean < chance * nearChance).length;
  const unfinished = trials.QUEUED + trials.RUNNING + trials.WAITING;
  const notes: readonly (string | false)[] = [
    definition.run.kind === 'noop' && 'run: noop reports a made-up surface, nothing was trained',
    definition.selectOn === 'test' && 'points were selected on the test part: the best test value is optimistic',
    definition.checkpoint === 'best' && 'each trial reports its best epoch by selection value, not its last',
    'compat' in definition.objective &&
      definition.objective.compat === 'abkdRef' &&
      'loss with the axis branches of the published code (compat: abkdRef)',
    teacherTest !== null &&
      teacherTest < chance * nearChance &&
      `the teacher did not learn: ${teacherTest.toFixed(2)} % on test, where guessing gives ${chance.toFixed(2)} %`,
    teachers > 1 &&
      `one of ${teachers} teachers of the same name (${teacherSha256?.slice(0, 12) ?? 'not known yet'}): their results are kept apart`,
    collapsed > 0 &&
      `${counted(collapsed, 'point')} did not learn at all (selection at chance): the loss is too strong there for this learning rate`,
    group.pointsToCome > 0 && `the search goes on: ${counted(group.pointsToCome, 'point')} still to be suggested`,
    unfinished > 0 && `${counted(unfinished, 'trial')} still to finish`,
    group.stopped.size > 0 && describeStopped(group.stopped),
    trials.FAILED > 0 && `${counted(trials.FAILED, 'trial')} failed`,
    trials.CANCELLED > 0 && `${counted(trials.CANCELLED, 'trial')} cancelled`,
    leftOut > 0 && `${counted(leftOut, 'point')} with too few seeds cannot be best`,
    backends.length > 1 && `results of several backends are mixed: ${backends.join(', ')}`,
    kernelIds.length > 1 && `results of several loss kernels are mixed: ${kernelIds.join(', ')}`,
  ];
  return notes.filter((note) => note !== false);
}

/** Below so many times the accuracy of guessing, nothing was learnt. */
const nearChance = 1.3;

/** Top-1 of guessing, percent; 0 where the dataset is unknown or nothing was trained. */
function chanceOf({ dataset, run }: TaskDefinition): number {
  const classes = datasets[dataset]?.classes ?? 0;
  return classes === 0 || run.kind === 'noop' ? 0 : 100 / classes;
}

/** `12 points stopped early: 9 at epoch 3, 3 at epoch 9`. */
function describeStopped(stopped: ReadonlyMap<number, number>): string {
  const total = [...stopped.values()].reduce((sum, points) => sum + points, 0);
  const parts = [...stopped].map(([epoch, points]) => `${points} at epoch ${epoch}`);
  const where = parts.length === 1 ? ` at epoch ${[...stopped.keys()][0]}` : `: ${parts.join(', ')}`;
  return `${counted(total, 'point')} stopped early${where}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
