/**
 * A trial's state between two epochs as a file: safetensors with everything that changes from step to step, and in its
 * metadata, as JSON, what else the trial needs to go on as if nothing had happened. There is no state of a random
 * generator: order and augmentation of the images are functions of seed and epoch alone.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';
import {
  readSafetensors,
  type SafetensorsFile,
  type WeightTensor,
  writeSafetensors,
} from '../models/weights/safetensors.ts';
import type { WriteState } from '../trial/context.ts';

/** Everything that training changes from step to step, by name; float32 and int32. */
export type TrainingState = ReadonlyMap<string, Variable>;

const identitySchema = z.strictObject({
  /** Raised when a change would make a training go on differently. */
  format: z.literal(1),
  /** Hash of definition, parameters and seed. */
  trial: z.string(),
  teacherSha256: z.string().nullable(),
  kernelId: z.string(),
  backend: z.string(),
  backendVersion: z.string(),
});

/** What must be the same for a training to go on bit for bit. */
export type RunIdentity = z.infer<typeof identitySchema>;

const epoch = z.number().int().min(1);
const progressSchema = z.strictObject({
  /** Epochs that are done. */
  epoch,
  /** The one of them that counts so far. */
  chosen: z.strictObject({ epoch, selectionValue: z.number(), testValue: z.number() }),
  /** Time spent on them, over all attempts. */
  trainSeconds: z.number().min(0),
});

export type TrialProgress = z.infer<typeof progressSchema>;

const contentSchema = z.strictObject({
  identity: identitySchema,
  progress: progressSchema,
  /** int32 variables; JSON holds them exactly. */
  integers: z.record(z.string(), z.array(z.number().int())),
});

const metadataKey = 'abkd.checkpoint';
/** What the file's header may take, over all and for each tensor, bytes. */
const headerBytes = 1 << 16;
const headerBytesPerTensor = 1 << 10;

/** Copies the state; the result writes the copy, whenever it is called. */
export async function captureCheckpoint(
  state: TrainingState,
  identity: RunIdentity,
  progress: TrialProgress,
): Promise<WriteState> {
  const copies = await Promise.all(
    // Some backends give out their own memory.
    [...state].map(async ([name, variable]) => ({ name, variable, data: (await variable.data()).slice() })),
  );
  const integers = copies.flatMap(({ name, data }) => (data instanceof Int32Array ? [[name, [...data]]] : []));
  const tensors = new Map(
    copies.flatMap(({ name, variable: { shape }, data }): [string, WeightTensor][] =>
      data instanceof Float32Array ? [[name, { shape, data }]] : [],
    ),
  );
  const content = { identity, progress, integers: Object.fromEntries(integers) };
  const metadata = { [metadataKey]: JSON.stringify(content) };
  return (path) => writeFile(path, writeSafetensors({ tensors, metadata }));
}

/**
 * Puts a saved state back. Nothing is changed where it does not fit.
 * @throws {AbkdError} MISSING_DATA where the file is damaged, is that of another run, or has not exactly the state's tensors
 */
export async function restoreCheckpoint(
  path: string,
  identity: RunIdentity,
  state: TrainingState,
): Promise<TrialProgress> {
  const file = readSafetensors(await readBounded(path, state));
  const content = readContent(file);
  assertIdentity(content.identity, identity);
  const values = valuesOf(file, content.integers, state);
  tf.tidy(() => {
    for (const [name, variable] of state) {
      variable.assign(tf.tensor(values.get(name)!, variable.shape, variable.dtype));
    }
  });
  return content.progress;
}

async function readBounded(path: string, state: TrainingState): Promise<Uint8Array> {
  const { size } = await stat(path);
  const tensorBytes = [...state.values()].reduce((bytes, variable) => bytes + variable.size * 4, 0);
  const most = tensorBytes + headerBytes + state.size * headerBytesPerTensor;
  if (size > most) throw unusable(`it has ${size} bytes, expected at most ${most}`);
  return readFile(path);
}

function readContent({ metadata }: SafetensorsFile): z.infer<typeof contentSchema> {
  let json: unknown;
  try {
    json = JSON.parse(metadata[metadataKey] ?? 'null');
  } catch (error) {
    throw unusable('its metadata is not JSON', error);
  }
  const content = contentSchema.safeParse(json);
  if (!content.success) throw unusable(`its metadata is malformed: ${z.prettifyError(content.error)}`);
  return content.data;
}

function assertIdentity(found: RunIdentity, expected: RunIdentity): void {
  for (const key of Object.keys(expected) as (keyof RunIdentity)[]) {
    if (found[key] !== expected[key]) throw unusable(`its ${key} is ${found[key]}, expected ${expected[key]}`);
  }
}

/** The saved values of every variable, checked. */
function valuesOf(
  { tensors, others }: SafetensorsFile,
  integers: Readonly<Record<string, readonly number[]>>,
  state: TrainingState,
): ReadonlyMap<string, Float32Array | Int32Array> {
  const names = [...tensors.keys(), ...others.keys(), ...Object.keys(integers)];
  const unexpected = names.find((name) => !state.has(name));
  if (unexpected !== undefined) throw unusable(`tensor "${unexpected}" is unexpected`);
  return new Map(
    [...state].map(([name, { shape, size, dtype }]): [string, Float32Array | Int32Array] => {
      const floats = dtype === 'float32' ? tensors.get(name) : undefined;
      if (floats?.shape.join() === shape.join()) return [name, floats.data];
      const whole = dtype === 'int32' ? integers[name] : undefined;
      if (whole?.length === size) return [name, Int32Array.from(whole)];
      throw unusable(`tensor "${name}" is missing or not of type ${dtype} and shape [${shape.join(', ')}]`);
    }),
  );
}

function unusable(problem: string, cause?: unknown): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot use checkpoint: ${problem}`, { cause });
}
