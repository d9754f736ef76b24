import { datasets, heldOutImages } from '../catalog/datasets.ts';
import { grouped } from '../quantity.ts';
import type { TaskDefinition } from '../task.ts';

/** Sweeps whose teacher outputs take less on a host are not worth a word. */
const worthSayingBytes = 1e9;

/**
 * What the cached teacher outputs of a task take on each host that runs it, in words, where that is much; else null.
 * Augmented images differ from epoch to epoch and from replicate to replicate, others are the same in all of them.
 */
export function describeTeacherOutputSize(definition: TaskDefinition, replicates: number): string | null {
  const { dataset, teacher, student, training, run } = definition;
  const images = trainingImages(definition);
  if (teacher === null || images === null || run.kind !== 'tfjs' || !isCached(definition)) return null;
  const { classes } = datasets[dataset]!;
  const isAugmented = training.augment !== 'none';
  const fileBytes = images * (isAugmented ? training.epochs : 1) * classes * Float32Array.BYTES_PER_ELEMENT;
  const files = isAugmented ? replicates : 1;
  if (files * fileBytes < worthSayingBytes) return null;
  const epochs = isAugmented ? ` × ${grouped(training.epochs)} augmented epochs` : '';
  const size =
    files === 1
      ? `${gigabytes(fileBytes)} on each host`
      : `${gigabytes(fileBytes)} per replicate on each host, ${gigabytes(files * fileBytes)} for ${files} replicates`;
  return (
    `${dataset}, ${teacher.model} to ${student.model}: teacher outputs of ${grouped(images)} images${epochs} × ` +
    `${grouped(classes)} classes take ${size}; training.teacherOutputs: live computes them in every step instead`
  );
}

function isCached({ training }: TaskDefinition): boolean {
  return training.teacherOutputs !== 'live' && (training.augment === 'none' || training.augmentDraw === 'replicate');
}

/** Images that a student trains on where all files of the dataset are there; null where its size is not known. */
function trainingImages({ dataset, selectOn, training }: TaskDefinition): number | null {
  const entry = datasets[dataset];
  if (entry === undefined || entry.counts.train === null) return null;
  const { train, val } = entry.counts;
  const all = selectOn === 'val' && val === 0 ? train - heldOutImages(train) : train;
  return Math.min(all, training.limitTrain ?? all);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
