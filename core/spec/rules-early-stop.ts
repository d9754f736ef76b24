import type { Problem } from '../errors.ts';
import type { SpecDraft } from './draft.ts';
import { epochsOf } from './early-stop.ts';
import { recipesOf } from './recipe.ts';

/** A first rung at or beyond the end would stop nothing. */
export function checkEarlyStop({ earlyStop, tasks, training, run }: SpecDraft): readonly Problem[] {
  if (earlyStop === undefined || earlyStop.method === 'none' || training === undefined || run === undefined) return [];
  const { minEpochs } = earlyStop;
  const short = tasks.flatMap((task, index) => {
    if (task === undefined || !recipesOf(task.dataset).includes(training.recipe)) return [];
    const epochs = epochsOf(task, { training, run });
    return minEpochs < epochs ? [] : [{ epochs, index }];
  })[0];
  if (short === undefined) return [];
  const whole = run.kind === 'noop' ? `steps of run` : `epochs that tasks[${short.index}] is trained`;
  return [
    { path: 'earlyStop.minEpochs', message: `found ${minEpochs}, expected less than the ${short.epochs} ${whole}` },
  ];
}
