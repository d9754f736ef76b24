/** How the images of a weight file's training were normalised: as the file says, or as a task says of it. */
import { z } from 'zod';
import type { NormalisationDefinition } from '../../../core/task.ts';
import type { Normalisation } from '../../data/source.ts';
import { type StateDictFile, unusableFile } from './state-dict.ts';

/** @see https://github.com/pytorch/vision/blob/v0.15.2/references/classification/presets.py */
const imagenet: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const metadataKey = 'normalisation';
const storedSchema = z.strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) });

export function resolveNormalisation(definition: NormalisationDefinition): Normalisation {
  return definition === 'imagenet' ? imagenet : definition;
}

/** Metadata for a weight file; equal statistics give equal text. */
export function normalisationMetadata({ mean, std }: Normalisation): Readonly<Record<string, string>> {
  return { [metadataKey]: JSON.stringify({ mean, std }) };
}

/** What a weight file says of itself; null where it does not. @throws {AbkdError} MISSING_DATA naming the file */
export function normalisationOf({ metadata }: StateDictFile, file: string): Normalisation | null {
  const text = metadata[metadataKey];
  if (text === undefined) return null;
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch (error) {
    const found = text.slice(0, 100);
    throw unusableFile(file, `its metadata "${metadataKey}" is ${found}, expected {"mean":[..],"std":[..]}`, error);
  }
}

/** @throws {AbkdError} MISSING_DATA naming the file where there are not as many statistics as channels */
export function assertChannels({ mean, std }: Normalisation, channels: number, file: string): void {
  if (mean.length === channels && std.length === channels) return;
  throw unusableFile(
    file,
    `its normalisation has ${mean.length} means and ${std.length} standard deviations, expected ${channels} of each`,
  );
}
