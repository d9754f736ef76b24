import type { TrialCounts } from '../api.ts';
import type { TaskDefinition } from '../task.ts';

/** What a reader of a group must know beside its numbers; empty where there is nothing to warn of. */
export function summaryNotes(group: {
  readonly definition: TaskDefinition;
  readonly trials: TrialCounts;
  readonly backends: readonly string[];
  readonly kernelIds: readonly string[];
  /** Search cells that could not be called best for want of seeds. */
  readonly leftOut: number;
}): readonly string[] {
  const { definition, trials, backends, kernelIds, leftOut } = group;
  const unfinished = trials.QUEUED + trials.RUNNING + trials.WAITING;
  const notes: readonly (string | false)[] = [
    definition.run.kind === 'noop' && 'run: noop reports a made-up surface, nothing was trained',
    definition.selectOn === 'test' && 'points were selected on the test part: the best test value is optimistic',
    definition.checkpoint === 'best' && 'each trial reports its best epoch by selection value, not its last',
    'compat' in definition.objective &&
      definition.objective.compat === 'abkdRef' &&
      'loss with the axis branches of the published code (compat: abkdRef)',
    unfinished > 0 && `${counted(unfinished, 'trial')} still to finish`,
    trials.FAILED > 0 && `${counted(trials.FAILED, 'trial')} failed`,
    trials.CANCELLED > 0 && `${counted(trials.CANCELLED, 'trial')} cancelled`,
    leftOut > 0 && `${counted(leftOut, 'point')} with missing seeds cannot be best`,
    backends.length > 1 && `results of several backends are mixed: ${backends.join(', ')}`,
    kernelIds.length > 1 && `results of several loss kernels are mixed: ${kernelIds.join(', ')}`,
  ];
  return notes.filter((note) => note !== false);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
