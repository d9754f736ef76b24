import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SweepId } from '../../core/ids.ts';
import { createMemoryPart } from '../../worker/data/parts.ts';
import type { ImageDataset } from '../../worker/data/source.ts';
import { createStudent } from '../../worker/distill/student.ts';
import { loadTeacher, obtainTeacher } from '../../worker/distill/teacher.ts';
import { obtainWeights, type TrainedModel } from '../../worker/distill/trained-weights.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { loadStateDict, stateOf } from '../../worker/models/weights/load.ts';
import { writeSafetensors } from '../../worker/models/weights/safetensors.ts';
import type { StateDict } from '../../worker/models/weights/state-dict.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import type { TrialContext } from '../../worker/trial/context.ts';
import { failureOf } from '../../worker/trial/failure.ts';
import { temporaryFolder, writeInto } from '../support/datasets.ts';
import { hashedImages, hashedStateDict } from '../support/hashed-weights.ts';
import { makePlan } from '../support/plans.ts';
import { legacyFile, op, orderedDict, tensor, tuple } from '../support/torch-pickle.ts';
import { torchStateFile } from '../support/torch-state-file.ts';
import { createLocalTrialContext } from '../support/trial-context.ts';

await initBackend('cpu');

const noImages = createMemoryPart(new Uint8Array(0), new Int32Array(0), 192);
const trainPart = { ...noImages, source: noImages, positions: new Int32Array(0), imageBytes: 192, identity: '' };
const statistics = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.3] };

function datasetOf(classes: number, normalisation = statistics): ImageDataset {
  return {
    ...{ name: 'noise', classNames: Array.from({ length: classes }, (_, i) => `class ${i}`), normalisation },
    ...{ height: 8, width: 8, channels: normalisation.mean.length, train: noImages, val: null, test: noImages },
    ...{ description: 'noise', identity: 'noise' },
  };
}

const dataset = datasetOf(10);
const definition: TrainedModel = { model: 'cnn-s', weights: 'teachers/cnn-s.pth' };
/** The weights that the files of the tests hold. */
const state = stateFor(10);

function stateFor(classes: number): StateDict {
  const model = createClassifier('cnn-s', { imageSize: 8, channels: 3, classes }, 1);
  const hashed = hashedStateDict(model);
  model.dispose();
  return hashed;
}

function changed(name: string, change: Partial<{ shape: readonly number[]; data: Float32Array }>): StateDict {
  return new Map([...state, [name, { ...state.get(name)!, ...change }]]);
}

function safetensors(tensors: StateDict, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries = [...tensors].map(([name, { shape, data }]) => [name, { shape, data: data! }] as const);
  return writeSafetensors({ tensors: new Map(entries), metadata });
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tensorsBefore = 0;
beforeEach(async () => {
  folder = await temporaryFolder();
  tensorsBefore = tf.memory().numTensors;
});
afterEach(async () => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  await folder[Symbol.asyncDispose]();
});

interface Place {
  readonly sweep?: string;
  /** Folder of the host. */
  readonly host?: string;
  readonly student?: TrainedModel;
}

/** A trial of a sweep on a host; all hosts share what the coordinator stores. */
async function trialOn({ sweep = 'sweep-1', host = 'host-1', student }: Place = {}): Promise<TrialContext> {
  const [task] = makePlan().tasks;
  const local = createLocalTrialContext({
    definition: { ...task!.definition, ...(student === undefined ? {} : { student }) },
    cacheDir: join(folder.path, 'stored'),
    dataDir: join(folder.path, host),
  });
  return { ...local, assignment: { ...local.assignment, sweepId: sweep as SweepId } };
}

async function put(bytes: Uint8Array, path = definition.weights, host = 'host-1'): Promise<void> {
  await writeInto(join(folder.path, host, path), bytes);
  await writeInto(join(folder.path, 'stored', '.made'), '');
}

const obtain = async (place: Place = {}, named: Partial<TrainedModel> = {}, images = dataset) =>
  obtainWeights(
    { definition: { ...definition, ...named }, dataset: images, context: await trialOn(place) },
    { waitMs: 0, askAgainMs: 1 },
  );

/** How a trial fails that needs these weights. */
async function failureWith(bytes: Uint8Array, named: Partial<TrainedModel> = {}, images = dataset) {
  await put(bytes, named.weights);
  return failureOf(
    await obtain({}, named, images).then(
      () => null,
      (error: unknown) => error,
    ),
  );
}

describe('weights from a file', () => {
  it('are the same teacher, by hash and values, whatever the format, order and prefix', async () => {
    await put(torchStateFile(new Map([...state].map(([name, tensor]) => [`module.${name}`, tensor]))));
    await put(safetensors(new Map([...state].reverse()), { format: 'pt' }), 'teachers/other.safetensors');
    const legacy = await obtain();
    const other = await obtain({}, { weights: 'teachers/other.safetensors' });
    expect(other.sha256).toBe(legacy.sha256);
    expect(other.path).not.toBe(legacy.path);

    const context = await trialOn();
    const teacher = await obtainTeacher({ definition, dataset, trainPart, context });
    expect(teacher.sha256).toBe(legacy.sha256);
    const model = await loadTeacher(teacher, { definition, dataset });
    expect(logitsOf(model)).toEqual(logitsOfState(statistics));
    model.dispose();
  });

  it('stay those of the first import for the whole sweep; the next sweep notices a changed file', async () => {
    await put(safetensors(state));
    const first = await obtain();
    const louder = state.get('conv1.weight')!.data!.map((value) => 2 * value);
    await put(safetensors(changed('conv1.weight', { data: louder })));
    expect((await obtain()).sha256).toBe(first.sha256);
    expect((await obtain({ sweep: 'sweep-2' })).sha256).not.toBe(first.sha256);
  });

  it('reach a host that lacks the file, once another host of the sweep has brought it', async () => {
    await put(safetensors(state));
    const context = await trialOn({ host: 'host-2' });
    const phases: string[] = [];
    const waiting = obtainWeights(
      { definition, dataset, context: { ...context, phase: (text) => void phases.push(text) } },
      { waitMs: 10_000, askAgainMs: 5 },
    );
    await expect.poll(() => phases).toContain('waiting for a worker that has teachers/cnn-s.pth');
    const brought = await obtain({ host: 'host-1' });
    expect((await waiting).sha256).toBe(brought.sha256);
  });

  it('that no host has end with the path and where it was looked for', async () => {
    await put(safetensors(state), 'another.pth');
    const failure = failureOf(await obtain().catch((error: unknown) => error));
    expect(failure.kind).toBe('MISSING_DATA');
    const path = join(folder.path, 'host-1', definition.weights);
    expect(failure.message).toMatch(
      new RegExp(`^Cannot read "${path}": no such file under ABKD_DATA_DIR of .+no other worker`),
    );
  });

  it('may be a link within the data folder, but none that leads out of it', async () => {
    await put(safetensors(state), 'elsewhere/cnn-s.pth');
    await put(safetensors(state), 'outside.pth', 'host-2');
    await symlink('elsewhere', join(folder.path, 'host-1', 'teachers'));
    await symlink(join(folder.path, 'host-2', 'outside.pth'), join(folder.path, 'host-1', 'outside.pth'));
    expect(await obtain()).toMatchObject({ metadata: { source: definition.weights } });
    await expect(obtain({}, { weights: 'outside.pth' })).rejects.toThrow(
      /Cannot use weights "outside\.pth": ".*" leads to ".*host-2\/outside\.pth", expected a file below ".*host-1"/,
    );
  });

  it('fit other data with as many classes; another count names tensor, shapes and file', async () => {
    await put(safetensors(state));
    await obtain();
    const model = await loadTeacher(await obtain(), { definition, dataset: datasetOf(10) });
    model.dispose();
    const other = loadTeacher(await obtain(), { definition, dataset: datasetOf(100) });
    await expect(other).rejects.toThrow(
      'Cannot load weight file "teachers/cnn-s.pth" into model "cnn-s": "head.weight" has shape [10, 64], expected [100, 64]',
    );
    const grey = { mean: [0.1], std: [0.3] };
    const failure = await failureWith(safetensors(state), {}, datasetOf(10, grey));
    expect(failure.message).toMatch(
      /teachers\/cnn-s\.pth.*"conv1\.weight" has shape \[8, 3, 5, 5\], expected \[8, 1, 5, 5\]/,
    );
  });
});

describe('the normalisation of trained weights', () => {
  const other = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7] };
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const stated = { normalisation: JSON.stringify(other) };

  it.each([
    { said: 'the task', metadata: stated, normalisation: 'imagenet', expected: imagenet },
    { said: 'the file', metadata: stated, normalisation: undefined, expected: other },
    { said: 'nobody, so it is that of the dataset', metadata: {}, normalisation: undefined, expected: statistics },
  ] as const)('is stated by $said', async ({ metadata, normalisation, expected }) => {
    await put(safetensors(state, metadata));
    const named = { ...definition, normalisation };
    const model = await loadTeacher(await obtain({}, named), { definition: named, dataset });
    const [logits, reference] = [logitsOf(model), logitsOfState(expected)];
    for (const [i, value] of reference.entries()) expect(logits[i]).toBeCloseTo(value, 4);
    model.dispose();
    const elsewhere = await loadTeacher(await obtain({}, named), {
      definition: named,
      dataset: datasetOf(10, imagenet),
    });
    for (const [i, value] of logitsOf(elsewhere, imagenet).entries()) expect(value).toBeCloseTo(reference[i]!, 4);
    elsewhere.dispose();
  });

  it('has as many values as there are channels, and is not stated of stored content', async () => {
    const grey = { mean: [0.5], std: [0.5] };
    expect((await failureWith(safetensors(state), { normalisation: grey })).message).toMatch(
      /1 means and 1 .*expected 3/,
    );
    const broken = safetensors(state, { normalisation: '{"mean":[]}' });
    expect((await failureWith(broken)).message).toMatch(/cnn-s\.pth": its metadata "normalisation" is {"mean":\[\]}/);
    const source = { weights: `artifact:sha256:${'a'.repeat(64)}`, normalisation: 'imagenet' } as const;
    await expect(obtain({}, source)).rejects.toThrow(/they state their own/);
  });
});

describe('a student', () => {
  it('starts from trained weights, each of which gradients reach', async () => {
    await put(safetensors(state));
    const student = await createStudent(
      await trialOn({ student: { ...definition, normalisation: 'imagenet' } }),
      dataset,
    );
    const loss = () => tf.sum<tf.Scalar>(student.forward(imagesAs(statistics), { training: true }));
    const moved = tf.tidy(() =>
      Object.values(tf.variableGrads(loss).grads).map((grad) => tf.sum(tf.abs(grad)).dataSync()[0]!),
    );
    expect(moved).toHaveLength(state.size);
    for (const movement of moved) expect(movement).toBeGreaterThan(0);
    student.dispose();
  });

  it('with a head for other classes ends with an error that names it', async () => {
    await put(safetensors(stateFor(7)));
    const starting = createStudent(await trialOn({ student: definition }), dataset);
    await expect(starting).rejects.toThrow(/"head\.weight" has shape \[7, 64\], expected \[10, 64\]/);
  });
});

describe('a weight file that is', () => {
  const w = { length: 2, shape: [2], strides: [1] };
  const attack = (...root: readonly (readonly number[])[]) =>
    legacyFile(orderedDict([op.text('conv1.weight'), root.flat()]), {});
  const notFinite = state.get('conv2.weight')!.data!.slice();
  notFinite[5] = Number.NaN;
  const cases = [
    { fault: 'cut off (safetensors)', bytes: safetensors(state).subarray(0, -8), named: 'tensor "head.bias" lies at' },
    {
      fault: 'cut off (PyTorch)',
      bytes: torchStateFile(state).subarray(0, -8),
      named: 'the values of tensor "head.bias"',
    },
    {
      fault: 'of another shape',
      bytes: safetensors(changed('conv2.weight', { shape: [16, 3, 3, 8] })),
      named: '"conv2.weight" has shape',
    },
    {
      fault: 'of another type',
      bytes: torchStateFile(state, (name) => (name === 'conv1.bias' ? { storage: 'IntStorage' } : {})),
      named: '"conv1.bias" has dtype int32, expected float32',
    },
    {
      fault: 'not finite',
      bytes: torchStateFile(changed('conv2.weight', { data: notFinite })),
      named: '"conv2.weight" has the value NaN at index 5',
    },
    {
      fault: 'a pickle that calls os.system',
      bytes: attack(op.global('os', 'system'), tuple(op.text('touch owned')), op.reduce),
      named: ', in "conv1.weight": global "os.system"',
    },
    {
      fault: 'a pickle that calls eval',
      bytes: attack(op.global('builtins', 'eval'), tuple(op.text('1')), op.reduce),
      named: ', in "conv1.weight": global "builtins.eval"',
    },
    {
      fault: 'a pickle whose tensor has a foreign global',
      bytes: attack(tensor({ ...w, storage: 'hub.load' })),
      named: ', in "conv1.weight": global "torch.hub.load"',
    },
  ];
  it.each(cases)('$fault ends with an error that names file and place, and is not stored', async ({ bytes, named }) => {
    const failure = await failureWith(bytes);
    expect(failure.kind).toBe('MISSING_DATA');
    expect(failure.message).toContain(join(folder.path, 'host-1', definition.weights));
    expect(failure.message).toContain(named);
    expect(await readdir(join(folder.path, 'stored'))).toEqual(['.made']);
  });
});

/** Logits on two images that `given` normalises. */
function logitsOf(model: ReturnType<typeof createClassifier>, given = statistics): number[] {
  return tf.tidy(() => [...model.forward(imagesAs(given), { training: false }).dataSync()]);
}

/** The same straight from the model, with the normalisation that its weights want. */
function logitsOfState(wanted: typeof statistics): number[] {
  const model = createClassifier('cnn-s', { imageSize: 8, channels: 3, classes: 10 }, 1);
  loadStateDict(model, state, 'state');
  const logits = logitsOf(model, wanted);
  expect(stateOf(model).size).toBe(state.size);
  model.dispose();
  return logits;
}

function imagesAs({ mean, std }: typeof statistics): tf.Tensor4D {
  const pixels = tf.tensor4d(hashedImages(2, 8), [2, 8, 8, 3]);
  return tf.div(tf.sub(pixels, tf.tensor1d([...mean])), tf.tensor1d([...std]));
}
