import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TrialSuccess } from '../../core/attempt.ts';
import { MetricName } from '../../core/measurement.ts';
import { isDistilling } from '../../core/objective.ts';
import { deriveSeed } from '../../core/random.ts';
import type { TaskDefinition } from '../../core/task.ts';
import { systemClock } from '../../platform/clock.ts';
import type { ImageBatch } from '../data/batches.ts';
import { createDiagnostics } from '../distill/diagnose.ts';
import { type Evaluation, evaluate } from '../distill/evaluate.ts';
import { createImageReader, labelsOf } from '../distill/images.ts';
import { labelsOnly, objectiveLoss, type ResolvedObjective } from '../distill/objective.ts';
import { augmentationOf, type ResolvedTrial, resolveTrial } from '../distill/resolve.ts';
import { scaleFactor } from '../distill/scale-factor.ts';
import { type TeacherOutputs, teacherLogitsOf } from '../distill/teacher-outputs.ts';
import { type TrainedEpoch, trainEpochs } from '../distill/trainer.ts';
import { openWorkspace, type Workspace } from '../distill/workspace.ts';
import type { Classifier } from '../models/classifier.ts';
import { createClassifier } from '../models/registry.ts';
import type { TrialContext, TrialRunner } from './context.ts';
import { TrialError } from './failure.ts';

/** A student after an epoch. */
interface EpochResult {
  readonly trained: TrainedEpoch;
  readonly selection: Evaluation;
  readonly test: Evaluation;
  readonly diagnostics: Readonly<Record<string, number>>;
}

/**
 * Distils on the current tensor backend: a student from `seed` learns from labels and from the cached outputs of the
 * task's teacher. Reports every epoch; the result is that of the last or of the best epoch, as the task wants.
 */
export const runTfjs: TrialRunner = async (context) => {
  const { definition, params, seed } = context.assignment;
  const resolved = resolveTrial(definition, params);
  const workspace = await openWorkspace(context);
  const { teacher, dataset } = workspace;
  const objective = await resolveObjective(resolved.objective, teacher);
  const shape = { imageSize: dataset.height, channels: dataset.channels, classes: dataset.classNames.length };
  const startedMs = systemClock.now();
  const student = createClassifier(definition.student.model, shape, deriveSeed('student', seed));
  try {
    const chosen = await distil(student, { context, workspace, objective, training: resolved.training });
    return {
      selectionValue: chosen.selection.top1,
      testValue: chosen.test.top1,
      scaleFactor: isNormalised(resolved.objective) ? objective.scaleFactor : null,
      teacherSha256: teacher?.teacherSha256 ?? null,
      extras: {
        epoch: chosen.trained.epoch,
        trainSeconds: (systemClock.now() - startedMs) / 1000,
        ...(teacher === null ? {} : { teacherTest: teacher.testAccuracy }),
      },
    } satisfies TrialSuccess;
  } finally {
    student.dispose();
  }
};

async function resolveObjective(
  definition: ResolvedTrial['objective'],
  teacher: TeacherOutputs | null,
): Promise<ResolvedObjective> {
  if (!isDistilling(definition)) return labelsOnly;
  if (teacher === null) {
    throw new TrialError('EXCEPTION', `Cannot distil with objective ${definition.kind}: the task has no teacher`);
  }
  return { definition, scaleFactor: isNormalised(definition) ? await scaleFactor(definition, teacher) : 1 };
}

function isNormalised(definition: ResolvedTrial['objective']): boolean {
  return 'scale' in definition && definition.scale === 'gradNormalised';
}

interface Distillation {
  readonly context: TrialContext;
  readonly workspace: Workspace;
  readonly objective: ResolvedObjective;
  readonly training: TaskDefinition['training'];
}

/** Trains the student and returns the epoch whose values count. */
async function distil(student: Classifier, distillation: Distillation): Promise<EpochResult> {
  const { context, workspace, objective, training } = distillation;
  const { definition, seed } = context.assignment;
  const lossOf = (studentLogits: Tensor2D, batch: ImageBatch, epoch: number) =>
    objectiveLoss(objective, {
      teacherLogits: workspace.teacher === null ? null : teacherLogitsOf(workspace.teacher, batch),
      studentLogits,
      labels: labelsOf(batch),
      epoch,
    });
  const { dataset, parts, teacher } = workspace;
  const images = createImageReader(dataset, parts.train, {
    batchSize: training.batchSize,
    augmentation: augmentationOf(definition.objective, training, context.assignment),
    dropLast: training.dropLast,
  });
  const diagnose = createDiagnostics({
    ...{ objective, dataset, teacher, context },
    ...{ trainPart: parts.train, seed: definition.splitSeed },
  });
  context.phase(`training student ${student.name}, epoch 1/${training.epochs}`);
  let chosen: EpochResult | null = null;
  let startedMs = systemClock.now();
  for await (const trained of trainEpochs({ model: student, images, lossOf, settings: training, seed, context })) {
    const evaluated = await evaluateStudent(student, distillation);
    const result = { trained, ...evaluated, diagnostics: await diagnose(student, trained.epoch) };
    report(context, result, (systemClock.now() - startedMs) / 1000);
    startedMs = systemClock.now();
    if (chosen === null || counts(result, chosen, definition.checkpoint)) chosen = result;
    if (trained.epoch < training.epochs) {
      context.phase(`training student ${student.name}, epoch ${trained.epoch + 1}/${training.epochs}`);
    }
  }
  if (chosen === null)
    throw new TrialError('EXCEPTION', 'Cannot report a result: the student was trained for 0 epochs');
  return chosen;
}

/** Of equally good epochs the first counts. */
function counts(result: EpochResult, chosen: EpochResult, checkpoint: TaskDefinition['checkpoint']): boolean {
  return checkpoint === 'last' || result.selection.top1 > chosen.selection.top1;
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
