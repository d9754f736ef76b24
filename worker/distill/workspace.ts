import type { TeacherDefinition } from '../../core/task.ts';
import { findDatasetSource } from '../data/registry.ts';
import type { ImageDataset } from '../data/source.ts';
import { type SelectedParts, selectParts } from '../data/split.ts';
import type { TrialContext } from '../trial/context.ts';
import { TrialError } from '../trial/failure.ts';
import { createImageReader, evaluationBatchSize, type ImageReader } from './images.ts';
import { obtainTeacherOutputs, type TeacherOutputs } from './teacher-outputs.ts';

/** What trials on the same data have in common. Holds plain arrays in memory and no tensors. */
interface DataWorkspace {
  readonly dataset: ImageDataset;
  readonly parts: SelectedParts;
  /** As `parts`, with all training images: what the teacher's own limit is drawn from. */
  readonly everything: SelectedParts;
  readonly selection: ImageReader;
  readonly test: ImageReader;
}

/** What the trials of a task have in common. */
export interface Workspace extends DataWorkspace {
  /** Null where the student learns alone. */
  readonly teacher: TeacherOutputs | null;
}

/** A process serves trials on the same data one after another, so what they need stays warm between them. */
const warmData = createWarmSlot<DataWorkspace>();
const warmTeacher = createWarmSlot<TeacherOutputs>();

/** The workspace of the context's task; whatever the last trials had in common with it is taken over. */
export async function openWorkspace(context: TrialContext): Promise<Workspace> {
  const { dataset, training, selectOn, splitSeed, teacher, objective } = context.assignment.definition;
  const dataKey = JSON.stringify([context.dataDir, dataset, training, selectOn, splitSeed]);
  const data = await warmData.obtain(dataKey, () => openData(context));
  if (teacher === null || objective.kind === 'ce') return { ...data, teacher: null };
  const teacherKey = JSON.stringify([dataKey, teacher]);
  return { ...data, teacher: await warmTeacher.obtain(teacherKey, () => outputsOf(teacher, context, data)) };
}

/** Lets go of everything that is kept between trials. */
export function closeWorkspace(): void {
  warmData.clear();
  warmTeacher.clear();
}

/** Keeps the value of the last key; the one before is let go first, so that two never fill the memory together. */
function createWarmSlot<Value>() {
  let warm: { readonly key: string; readonly value: Value } | null = null;
  return {
    obtain: async (key: string, create: () => Promise<Value>): Promise<Value> => {
      if (warm?.key !== key) {
        warm = null;
        warm = { key, value: await create() };
      }
      return warm.value;
    },
    clear: () => {
      warm = null;
    },
  };
}

async function openData(context: TrialContext): Promise<DataWorkspace> {
  const { definition } = context.assignment;
  const dataset = await openDataset(context);
  const draw = { ...definition.training, selectOn: definition.selectOn, splitSeed: definition.splitSeed };
  const parts = selectParts(dataset, draw);
  context.phase(parts.description);
  return {
    dataset,
    parts,
    everything: selectParts(dataset, { ...draw, limitTrain: null }),
    selection: createImageReader(dataset, parts.selection, { batchSize: evaluationBatchSize }),
    test: createImageReader(dataset, parts.test, { batchSize: evaluationBatchSize }),
  };
}

function outputsOf(
  definition: TeacherDefinition,
  context: TrialContext,
  { dataset, parts, everything }: DataWorkspace,
): Promise<TeacherOutputs> {
  if ('weights' in definition)
    throw new TrialError(
      'MISSING_DATA',
      `Cannot load teacher "${definition.weights}": only trained teachers are built`,
    );
  return obtainTeacherOutputs({
    definition,
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
