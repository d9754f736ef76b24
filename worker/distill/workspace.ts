import type { Augmentation } from '../data/augment.ts';
import { findDatasetSource } from '../data/registry.ts';
import type { ImageDataset } from '../data/source.ts';
import { type SelectedParts, selectParts } from '../data/split.ts';
import type { TrialContext } from '../trial/context.ts';
import { TrialError } from '../trial/failure.ts';
import { createImageReader, evaluationBatchSize, type ImageReader } from './images.ts';
import type { TeacherOptions } from './teacher.ts';
import { chooseOutputsMode, type OutputsMode } from './teacher-mode.ts';
import { closeTeacherOutputs } from './teacher-outputs.ts';
import { obtainTeacherReference, type TeacherReference } from './teacher-reference.ts';
import { createTeaching, type Teaching } from './teaching.ts';
import { createWarmSlot } from './warm-slot.ts';

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
  readonly teacher: WorkspaceTeacher | null;
}

interface WorkspaceTeacher extends TeacherReference {
  readonly outputsMode: OutputsMode;
  readonly options: TeacherOptions;
}

/** A process serves trials on the same data one after another, so what they need stays warm between them. */
const warmData = createWarmSlot<DataWorkspace>();
const warmTeacher = createWarmSlot<TeacherReference>();

/** The workspace of the context's task; whatever the last trials had in common with it is taken over. */
export async function openWorkspace(context: TrialContext): Promise<Workspace> {
  const { dataset, training, selectOn, splitSeed, teacher, objective } = context.assignment.definition;
  const dataKey = JSON.stringify([context.dataDir, dataset, training, selectOn, splitSeed]);
  const data = await warmData.obtain(dataKey, () => openData(context));
  if (teacher === null || objective.kind === 'ce') return { ...data, teacher: null };
  // Before a teacher is trained for outputs that cannot be had.
  const outputsMode = outputsModeOf(context, data);
  const options: TeacherOptions = {
    definition: teacher,
    dataset: data.dataset,
    trainPart: data.everything.train,
    context,
  };
  // A file of trained weights is looked at anew in every sweep.
  const teacherKey = JSON.stringify([dataKey, teacher, 'weights' in teacher ? context.assignment.sweepId : null]);
  const reference = await warmTeacher.obtain(teacherKey, () => referenceOf(options, data));
  return { ...data, teacher: { ...reference, outputsMode, options } };
}

/** How the student of a trial is taught with these images; null where it learns alone. The caller disposes it. */
export function openTeaching({ teacher, parts }: Workspace, augmentation: Augmentation | null): Teaching | null {
  if (teacher === null) return null;
  const { teacherSha256, outputsMode, options } = teacher;
  return createTeaching(outputsMode, { ...options, teacherSha256, studentPart: parts.train, augmentation });
}

/** Lets go of everything that is kept between trials. */
export function closeWorkspace(): void {
  warmData.clear();
  warmTeacher.clear();
  closeTeacherOutputs();
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

function outputsModeOf({ assignment, cacheBytes }: TrialContext, { dataset, parts }: DataWorkspace): OutputsMode {
  const shape = { images: parts.train.count, classes: dataset.classNames.length };
  return chooseOutputsMode(assignment.definition.training, { ...shape, replicate: assignment.replicate, cacheBytes });
}

function referenceOf(options: TeacherOptions, { parts }: DataWorkspace): Promise<TeacherReference> {
  const { splitSeed } = options.context.assignment.definition;
  return obtainTeacherReference({ ...options, studentPart: parts.train, testPart: parts.test, seed: splitSeed });
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
    sharedFile: (key, build, expectedBytes) => context.sharedFile('host', key, build, expectedBytes),
    progress: (text) => {
      context.phase(text);
      return context.yieldNow();
    },
  });
}
