/** Trained weights that a task names: a file under the data folder, or content that the coordinator stores already. */
import { realpath, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative, sep } from 'node:path';
import type { NormalisationDefinition } from '../../core/task.ts';
import { sleep } from '../../platform/async.ts';
import { missingData, unreadableFile } from '../data/missing-data.ts';
import type { ImageDataset } from '../data/source.ts';
import type { Classifier } from '../models/classifier.ts';
import { createClassifier } from '../models/registry.ts';
import { renormalised } from '../models/renormalised.ts';
import { loadStateDict, matchStateDict } from '../models/weights/load.ts';
import {
  assertChannels,
  normalisationMetadata,
  normalisationOf,
  resolveNormalisation,
} from '../models/weights/normalisation.ts';
import { writeSafetensors } from '../models/weights/safetensors.ts';
import { readStateDictFile } from '../models/weights/state-dict-file.ts';
import type { SharedFile, TrialContext } from '../trial/context.ts';
import { TrialError } from '../trial/failure.ts';
import { contentKey } from './content-key.ts';
import { shapeOf } from './images.ts';

/** Raised when a change would store another content for the same file. */
const weightsVersion = 1;

/** How long a worker without the file waits for one that has it. */
const defaultPatience = { waitMs: 20_000, askAgainMs: 1_000 };

/** A model that a task starts from trained weights. */
export interface TrainedModel {
  readonly model: string;
  /** As `weightsSourceSchema` has it. */
  readonly weights: string;
  readonly normalisation?: NormalisationDefinition | undefined;
}

export interface TrainedWeightsOptions {
  readonly definition: TrainedModel;
  readonly dataset: ImageDataset;
  readonly context: TrialContext;
}

/**
 * The weights as one file for all hosts. A file under the data folder is imported by the first worker of the sweep that
 * has it: checked against the model and stored as safetensors, the same bytes for the same values, whatever the format.
 * From then on the sweep has these weights, also where the file changes; the next sweep imports it anew.
 * @throws {AbkdError|TrialError} MISSING_DATA naming file and tensors
 */
export async function obtainWeights(
  options: TrainedWeightsOptions,
  patience: { readonly waitMs: number; readonly askAgainMs: number } = defaultPatience,
): Promise<SharedFile> {
  const { definition, context } = options;
  const sha256 = storedHash(definition.weights);
  if (sha256 === null) return pinnedFile(options, patience);
  if (definition.normalisation !== undefined) {
    throw missingData(`Cannot use weights "${definition.weights}" under another normalisation: they state their own`);
  }
  return context.sharedFile('content', sha256, () => Promise.reject(new Error('Stored content is never built')));
}

/**
 * Puts the values of an obtained file into a model of the definition, made for the dataset.
 * @returns the model, taking images as the dataset normalises them; where this throws, `model` is disposed
 * @throws {AbkdError} MISSING_DATA naming file and tensors
 */
export async function loadWeights(
  model: Classifier,
  { path, source, dataset }: { readonly path: string; readonly source: string; readonly dataset: ImageDataset },
): Promise<Classifier> {
  try {
    const file = await readStateDictFile(path, source);
    loadStateDict(model, file.state, source);
    const wanted = normalisationOf(file, source) ?? dataset.normalisation;
    assertChannels(wanted, dataset.channels, source);
    return renormalised(model, dataset.normalisation, wanted);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Of the import: one per sweep and file, and per what decides the content that is stored. */
function weightsKey({ definition, dataset, context }: TrainedWeightsOptions): string {
  const { model, weights, normalisation = null } = definition;
  const { sweepId } = context.assignment;
  const images = dataset.normalisation;
  return contentKey('weights', { version: weightsVersion, sweepId, weights, model, normalisation, images });
}

function storedHash(source: string): string | null {
  return /^artifact:sha256:([0-9a-f]{64})$/.exec(source)?.[1] ?? null;
}

/** A worker that lacks the file gives the import up and waits: another one may have it. */
async function pinnedFile(
  options: TrainedWeightsOptions,
  { waitMs, askAgainMs }: typeof defaultPatience,
): Promise<SharedFile> {
  const { definition, context } = options;
  const key = weightsKey(options);
  for (let waitedMs = 0; ; waitedMs += askAgainMs) {
    try {
      return await context.sharedFile('artifact', key, (path) => importWeights(options, path));
    } catch (error) {
      if (!(error instanceof AbsentWeights)) throw error;
      if (waitedMs >= waitMs) throw absentEverywhere(error, waitMs);
    }
    context.phase(`waiting for a worker that has ${definition.weights}`);
    await sleep(askAgainMs, context.signal);
    context.signal.throwIfAborted();
  }
}

class AbsentWeights extends TrialError {}

function absentEverywhere({ message }: AbsentWeights, waitMs: number): TrialError {
  return missingData(`${message}, and no other worker has imported it for this sweep within ${waitMs / 1000} s`);
}

async function importWeights({ definition, dataset, context }: TrainedWeightsOptions, path: string): Promise<unknown> {
  const source = await locate(context.dataDir, definition.weights);
  context.phase(`importing weights ${definition.weights}`);
  const file = await readStateDictFile(source);
  const stated = definition.normalisation === undefined ? null : resolveNormalisation(definition.normalisation);
  const normalisation = stated ?? normalisationOf(file, source) ?? dataset.normalisation;
  assertChannels(normalisation, dataset.channels, source);
  const model = createClassifier(definition.model, shapeOf(dataset), 0);
  try {
    const tensors = matchStateDict(model, file.state, source);
    await writeFile(
      path,
      writeSafetensors({ tensors, metadata: { model: model.name, ...normalisationMetadata(normalisation) } }),
    );
    return { model: model.name, source: definition.weights };
  } finally {
    model.dispose();
  }
}

/** The file itself, which no link may put outside of the data folder. */
async function locate(dataDir: string, source: string): Promise<string> {
  const path = join(dataDir, source);
  const folder = await realpath(dataDir).catch((error: unknown) => Promise.reject(absentOrUnreadable(dataDir, error)));
  const file = await realpath(path).catch((error: unknown) => Promise.reject(absentOrUnreadable(path, error)));
  const below = relative(folder, file);
  if (below !== '..' && !below.startsWith(`..${sep}`) && below !== file) return file;
  throw missingData(`Cannot use weights "${source}": "${path}" leads to "${file}", expected a file below "${folder}"`);
}

function absentOrUnreadable(path: string, error: unknown): TrialError {
  const failure = unreadableFile(path, error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return failure;
  return new AbsentWeights('MISSING_DATA', `${failure.message} under ABKD_DATA_DIR of ${hostname()}`, { cause: error });
}
