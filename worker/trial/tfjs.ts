import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TrialSuccess } from '../../core/attempt.ts';
import { MetricName } from '../../core/measurement.ts';
import { isDistilling } from '../../core/objective.ts';
import type { TaskDefinition } from '../../core/task.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Augmentation } from '../data/augment.ts';
import type { ImageBatch } from '../data/batches.ts';
import { createDiagnostics } from '../distill/diagnose.ts';
import { type Evaluation, evaluate } from '../distill/evaluate.ts';
import { createImageReader, labelsOf } from '../distill/images.ts';
import { labelsOnly, objectiveLoss, type ResolvedObjective } from '../distill/objective.ts';
import { augmentationOf, type ResolvedTrial, resolveTrial } from '../distill/resolve.ts';
import { scaleFactor } from '../distill/scale-factor.ts';
import { createStudent } from '../distill/student.ts';
import type { TeacherReference } from '../distill/teacher-reference.ts';
import type { Teaching } from '../distill/teaching.ts';
import { type TrainedEpoch, trainEpochs } from '../distill/trainer.ts';
import { openTeaching, openWorkspace, type Workspace } from '../distill/workspace.ts';
import type { Classifier } from '../models/classifier.ts';
import type { TrialContext, TrialRunner } from './context.ts';
import { TrialError } from './failure.ts';
import { type ProgressTracker, trackProgress } from './trial-progress.ts';

/** A student after an epoch. */
interface EpochResult {
  readonly trained: TrainedEpoch;
  readonly selection: Evaluation;
  readonly test: Evaluation;
  readonly diagnostics: Readonly<Record<string, number>>;
}

/**
 * Distils on the current tensor backend: a student from `seed` learns from labels and from the outputs of the task's
 * teacher. Reports every epoch; the result is that of the last or of the best epoch, as the task wants.
 */
export const runTfjs: TrialRunner = async (context) => {
  const { definition, params } = context.assignment;
  const resolved = resolveTrial(definition, params);
  const workspace = await openWorkspace(context);
  const { teacher, dataset } = workspace;
  const objective = await resolveObjective(resolved.objective, teacher);
  const progress = await trackProgress(context, teacher?.teacherSha256 ?? null);
  const augmentation = augmentationOf(definition.objective, resolved.training, context.assignment);
  using teaching = openTeaching(workspace, augmentation);
  const student = await createStudent(context, dataset);
  try {
    const { training } = resolved;
    await distil(student, { context, workspace, objective, progress, training, augmentation, teaching });
    const chosen = progress.chosen();
    if (chosen === null) {
      throw new TrialError('EXCEPTION', 'Cannot report a result: the student was trained for 0 epochs');
    }
    return {
      selectionValue: chosen.selectionValue,
      testValue: chosen.testValue,
      scaleFactor: isNormalised(resolved.objective) ? objective.scaleFactor : null,
      teacherSha256: teacher?.teacherSha256 ?? null,
      extras: {
        epoch: chosen.epoch,
        trainSeconds: progress.trainSeconds(),
        ...(teacher === null ? {} : { teacherTest: teacher.testAccuracy }),
        ...(teaching === null ? {} : { teacherCached: teaching.cached ? 1 : 0 }),
      },
    } satisfies TrialSuccess;
  } finally {
    student.dispose();
  }
};

async function resolveObjective(
  definition: ResolvedTrial['objective'],
  teacher: TeacherReference | null,
): Promise<ResolvedObjective> {
  if (!isDistilling(definition)) return labelsOnly;
  if (teacher === null) {
    throw new TrialError('EXCEPTION', `Cannot distil with objective ${definition.kind}: the task has no teacher`);
  }
  if (!isNormalised(definition)) return { definition, scaleFactor: 1 };
  const { scaleSample, classes } = teacher;
  return { definition, scaleFactor: await scaleFactor(definition, { logits: scaleSample, classes }) };
}

function isNormalised(definition: ResolvedTrial['objective']): boolean {
  return 'scale' in definition && definition.scale === 'gradNormalised';
}

interface Distillation {
  readonly context: TrialContext;
  readonly workspace: Workspace;
  readonly objective: ResolvedObjective;
  readonly progress: ProgressTracker;
  readonly training: TaskDefinition['training'];
  readonly augmentation: Augmentation | null;
  readonly teaching: Teaching | null;
}

/** Trains the student, from where an earlier attempt left it. */
async function distil(student: Classifier, distillation: Distillation): Promise<void> {
  const { context, workspace, objective, progress, training, augmentation, teaching } = distillation;
  const { seed } = context.assignment;
  const lossOf = (studentLogits: Tensor2D, batch: ImageBatch, epoch: number) =>
    objectiveLoss(objective, {
      teacherLogits: teaching?.logits() ?? null,
      studentLogits,
      labels: labelsOf(batch),
      epoch,
    });
  const { dataset, parts, teacher } = workspace;
  const { batchSize, dropLast, epochs } = training;
  const reader = createImageReader(dataset, parts.train, { batchSize, augmentation, dropLast });
  const how = teaching === null ? '' : `, ${teaching.reason}`;
  const tell = (epoch: number) => context.phase(`training student ${student.name}, epoch ${epoch}/${epochs}${how}`);
  const images = teaching?.follow(reader, tell) ?? reader;
  const diagnose = createDiagnostics({ objective, dataset, teacher, context, trainPart: parts.train });
  tell(1);
  let startedMs = systemClock.now();
  const { restore } = progress;
  const run = { model: student, images, lossOf, settings: training, seed, restore, context };
  for await (const trained of trainEpochs(run)) {
    const evaluated = await evaluateStudent(student, distillation);
    const result = { trained, ...evaluated, diagnostics: await diagnose(student, trained.epoch) };
    report(context, result, (systemClock.now() - startedMs) / 1000);
    startedMs = systemClock.now();
    const { epoch, state } = trained;
    const values = { epoch, selectionValue: result.selection.top1, testValue: result.test.top1 };
    await progress.advance(values, state);
    if (epoch < epochs) tell(epoch + 1);
  }
}

async function evaluateStudent(student: Classifier, { context, workspace, objective }: Distillation) {
  const temperature = 'temperature' in objective.definition ? objective.definition.temperature : null;
  const onTest = context.assignment.definition.selectOn === 'test';
  const test = await evaluate(student, workspace.test, context, onTest ? temperature : null);
  const selection = onTest ? test : await evaluate(student, workspace.selection, context, temperature);
  return { selection, test };
}

function report(context: TrialContext, result: EpochResult, epochSeconds: number): void {
  const { trained, selection, test, diagnostics } = result;
  context.report(trained.epoch, {
    [MetricName.loss]: trained.loss,
    ...(trained.divergence === null ? {} : { [MetricName.divergence]: trained.divergence }),
    [MetricName.selection]: selection.top1,
    [MetricName.test]: test.top1,
    [MetricName.studentEntropy]: selection.entropy,
    ...(selection.entropyAtT === null ? {} : { [MetricName.studentEntropyAtT]: selection.entropyAtT }),
    [MetricName.epochSeconds]: epochSeconds,
    ...diagnostics,
  });
}
