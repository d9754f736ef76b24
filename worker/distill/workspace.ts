import type { TaskDefinition } from '../../core/task.ts';
import { findDatasetSource } from '../data/registry.ts';
import type { ImageDataset } from '../data/source.ts';
import { type SelectedParts, selectParts } from '../data/split.ts';
import type { TrialContext } from '../trial/context.ts';
import { TrialError } from '../trial/failure.ts';
import { createImageReader, evaluationBatchSize, type ImageReader } from './images.ts';
import { obtainTeacherOutputs, type TeacherOutputs } from './teacher-outputs.ts';

/** What the trials of a task have in common. Holds plain arrays in memory and no tensors. */
export interface Workspace {
  readonly dataset: ImageDataset;
  readonly parts: SelectedParts;
  readonly selection: ImageReader;
  readonly test: ImageReader;
  /** Null where the student learns alone. */
  readonly teacher: TeacherOutputs | null;
}

/** One process serves one task at a time, so one workspace stays warm between its trials. */
let warm: { readonly key: string; readonly workspace: Workspace } | null = null;

/** The workspace of the context's task: that of the last trial where the task is the same, else a new one. */
export async function openWorkspace(context: TrialContext): Promise<Workspace> {
  const key = JSON.stringify([context.dataDir, context.assignment.definition]);
  if (warm?.key !== key) {
    warm = null;
    warm = { key, workspace: await createWorkspace(context) };
  }
  return warm.workspace;
}

/** Lets go of everything that is kept between trials. */
export function closeWorkspace(): void {
  warm = null;
}

async function createWorkspace(context: TrialContext): Promise<Workspace> {
  const { definition } = context.assignment;
  const dataset = await openDataset(context);
  const draw = { ...definition.training, selectOn: definition.selectOn, splitSeed: definition.splitSeed };
  const parts = selectParts(dataset, draw);
  context.phase(parts.description);
  const everything = selectParts(dataset, { ...draw, limitTrain: null });
  return {
    dataset,
    parts,
    selection: createImageReader(dataset, parts.selection, evaluationBatchSize),
    test: createImageReader(dataset, parts.test, evaluationBatchSize),
    teacher: await teacherOf(definition, context, dataset, parts, everything),
  };
}

async function teacherOf(
  definition: TaskDefinition,
  context: TrialContext,
  dataset: ImageDataset,
  parts: SelectedParts,
  everything: SelectedParts,
): Promise<TeacherOutputs | null> {
  if (definition.teacher === null || definition.objective.kind === 'ce') return null;
  return obtainTeacherOutputs({
    definition: definition.teacher,
    dataset,
    trainPart: everything.train,
    studentPart: parts.train,
    testPart: parts.test,
    context,
  });
}

function openDataset(context: TrialContext): Promise<ImageDataset> {
  const { dataset, training } = context.assignment.definition;
  const source = findDatasetSource(dataset);
  if (source === undefined)
    throw new TrialError('MISSING_DATA', `Cannot open dataset "${dataset}": it is unknown here`);
  context.phase(`opening ${dataset}`);
  return source.open({
    dataDir: context.dataDir,
    imageSize: training.imageSize,
    sharedFile: (key, build) => context.sharedFile('host', key, build),
    progress: (text) => {
      context.phase(text);
      return context.yieldNow();
    },
  });
}
