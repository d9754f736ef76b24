import type { Problem } from '../errors.ts';
import type { SpecDraft } from './draft.ts';
import { datasetsOf, recipesOf, resolveTraining } from './recipe.ts';
import type { TaskSpec, TrainingSpec } from './schema.ts';

/** The rules that join fields of the training with one another, with the tasks and with the space. */
export function checkTraining(draft: SpecDraft): readonly Problem[] {
  const { training } = draft;
  if (training === undefined) return [];
  const tasks = draft.tasks.flatMap((task, index) => (task === undefined ? [] : [{ task, index }]));
  const trained = tasks.filter(({ task }) => recipesOf(task.dataset).includes(training.recipe));
  return [
    ...missingRecipes(training, tasks),
    ...longWarmups(training, trained),
    ...uncacheable(training, trained),
    ...drawsOfNothing(training, trained),
    ...momentumOfAdamW(draft),
    ...fixedTwice(draft),
  ];
}

interface PlacedTask {
  readonly task: TaskSpec;
  readonly index: number;
}

function missingRecipes({ recipe }: TrainingSpec, tasks: readonly PlacedTask[]): readonly Problem[] {
  const lacking = tasks.find(({ task }) => !recipesOf(task.dataset).includes(recipe));
  if (lacking === undefined) return [];
  const { dataset } = lacking.task;
  const message =
    `"${recipe}" has no defaults for ${dataset} of tasks[${lacking.index}], only for ${datasetsOf(recipe).join(', ')}; ` +
    `expected a recipe of ${dataset}: ${recipesOf(dataset).join(', ')}`;
  return [{ path: 'training.recipe', message }];
}

function longWarmups(training: TrainingSpec, tasks: readonly PlacedTask[]): readonly Problem[] {
  const { lrWarmupEpochs } = training;
  const short = tasks.find(({ task }) => resolveTraining(task, training).epochs < lrWarmupEpochs);
  if (short === undefined) return [];
  const { epochs } = resolveTraining(short.task, training);
  const message = `found ${lrWarmupEpochs}, expected at most the ${epochs} epochs that tasks[${short.index}] is trained`;
  return [{ path: 'training.lrWarmupEpochs', message }];
}

function uncacheable(training: TrainingSpec, tasks: readonly PlacedTask[]): readonly Problem[] {
  const { augmentDraw, teacherOutputs } = training;
  const augments = tasks.some(({ task }) => resolveTraining(task, training).augment !== 'none');
  if (teacherOutputs !== 'cached' || augmentDraw !== 'trial' || !augments) return [];
  const message =
    'found "cached", but fresh augmentation per trial cannot be cached, expected augmentDraw: replicate or teacherOutputs: live';
  return [{ path: 'training.teacherOutputs', message }];
}

function drawsOfNothing(training: TrainingSpec, tasks: readonly PlacedTask[]): readonly Problem[] {
  const plain = tasks.find(({ task }) => resolveTraining(task, training).augment === 'none');
  if (training.augmentDraw !== 'trial' || plain === undefined) return [];
  const message = `found "trial", but tasks[${plain.index}] has nothing to draw, expected training.augment: cropFlip with it`;
  return [{ path: 'training.augmentDraw', message }];
}

function momentumOfAdamW({ training, ranges }: SpecDraft): readonly Problem[] {
  if (training?.optimizer !== 'adamw') return [];
  const message = 'belongs to optimizer sgd, expected none with adamw';
  return [
    ...(training.momentum === undefined ? [] : [{ path: 'training.momentum', message }]),
    ...(ranges.momentum === undefined ? [] : [{ path: 'search.space.momentum', message }]),
  ];
}

/** Training fields belong to all objectives: fixed there and searched here is a contradiction. */
function fixedTwice({ training, ranges }: SpecDraft): readonly Problem[] {
  if (training === undefined) return [];
  return (['lr', 'momentum', 'weightDecay'] as const)
    .filter((name) => training[name] !== undefined && ranges[name] !== undefined)
    .map((name) => ({
      path: `training.${name}`,
      message: `is fixed at ${training[name]} and searched in search.space, expected one of the two`,
    }));
}
