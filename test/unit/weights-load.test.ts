import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { AbkdError, messageOf } from '../../core/errors.ts';
import { architectures } from '../../worker/models/architectures.ts';
import type { Classifier } from '../../worker/models/classifier.ts';
import { zeroValues } from '../../worker/models/initial-values.ts';
import { createNetwork } from '../../worker/models/network.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { exportWeights } from '../../worker/models/weights/classifier-weights.ts';
import { loadStateDict, stateOf } from '../../worker/models/weights/load.ts';
import { writeSafetensors } from '../../worker/models/weights/safetensors.ts';
import type { StateDict, StateTensor } from '../../worker/models/weights/state-dict.ts';
import { parseStateDict, readStateDictFile } from '../../worker/models/weights/state-dict-file.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { temporaryFolder } from '../support/datasets.ts';
import { hashedStateDict } from '../support/hashed-weights.ts';

const file = 'teachers/resnet8.pth';
const shape = { imageSize: 8, channels: 3, classes: 10 };

beforeAll(async () => {
  await initBackend('cpu');
});

function create(): Classifier {
  return createNetwork(architectures.find(({ name }) => name === 'resnet8')!, shape, zeroValues);
}

function values(model: Classifier, name: string): Float32Array {
  return stateOf(model).get(name)!.dataSync<'float32'>();
}

function bytesOf(model: Classifier, name: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = values(model, name);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The problems by tensor that loading ends with. */
function problemsOf(model: Classifier, state: StateDict): Record<string, string> {
  try {
    loadStateDict(model, state, file);
  } catch (error) {
    if (!(error instanceof AbkdError) || error.code !== 'MISSING_DATA') throw error;
    expect(error.message).toContain(`weight file "${file}" into model "${model.name}"`);
    return Object.fromEntries((error.details.problems ?? []).map(({ path, message }) => [path, message]));
  }
  return {};
}

test('convolutions and linear layers come into the order of axes that tfjs computes in', () => {
  const model = create();
  const state = hashedStateDict(model);
  loadStateDict(model, state, file);

  const conv = tf.tensor4d(state.get('conv1.weight')!.data!, [16, 3, 3, 3]);
  expect(values(model, 'conv1.weight')).toEqual(tf.transpose(conv, [2, 3, 1, 0]).dataSync());
  const head = tf.tensor2d(state.get('fc.weight')!.data!, [10, 64]);
  expect(values(model, 'fc.weight')).toEqual(tf.transpose(head).dataSync());
  expect(values(model, 'bn1.running_var')).toEqual(state.get('bn1.running_var')!.data);
});

test('the prefix of DataParallel and the counters of batch norms are passed over', () => {
  const model = create();
  const state = hashedStateDict(model);
  const wrapped = new Map<string, StateTensor>([...state].map(([name, tensor]) => [`module.${name}`, tensor]));
  wrapped.set('module.bn1.num_batches_tracked', { shape: [], dtype: 'int64', data: null });
  loadStateDict(model, wrapped, file);
  expect(values(model, 'bn1.weight')).toEqual(state.get('bn1.weight')!.data);
});

test('everything that does not fit is named at once, and the model stays as it was', () => {
  const model = create();
  const state = new Map(hashedStateDict(model));
  const changed = (name: string, index: number, value: number) => {
    const data = state.get(name)!.data!.slice();
    data[index] = value;
    return { ...state.get(name)!, data };
  };
  state.delete('bn1.running_mean');
  state.set('linear.weight', state.get('fc.weight')!);
  state.set('conv1.weight', { ...state.get('conv1.weight')!, shape: [3, 3, 3, 16] });
  state.set('bn1.weight', { shape: [16], dtype: 'float16', data: null });
  state.set('layer1.0.conv1.weight', changed('layer1.0.conv1.weight', 7, Number.NaN));
  state.set('layer1.0.bn1.bias', changed('layer1.0.bn1.bias', 2, Number.POSITIVE_INFINITY));
  state.set('layer3.0.bn2.running_var', changed('layer3.0.bn2.running_var', 63, -0.5));

  expect(problemsOf(model, state)).toEqual({
    'bn1.running_mean': 'missing, expected shape [16]',
    'linear.weight': 'unexpected',
    'conv1.weight': 'has shape [3, 3, 3, 16], expected [16, 3, 3, 3]',
    'bn1.weight': 'has dtype float16, expected float32',
    'layer1.0.conv1.weight': 'has the value NaN at index 7, expected finite values',
    'layer1.0.bn1.bias': 'has the value Infinity at index 2, expected finite values',
    'layer3.0.bn2.running_var': 'has the value -0.5 at index 63, expected a variance',
  });
  for (const variable of model.parameters) expect(variable.dataSync().every((value) => value === 0)).toBe(true);
});

test('an empty file lacks every tensor', () => {
  const model = create();
  expect(Object.keys(problemsOf(model, new Map()))).toEqual([...stateOf(model).keys()]);
});

test.each(['cnn-s', 'resnet8', 'mobilenetv2', 'shufflenetv1'])(
  'what is written of %s and read again gives the same weights, running statistics included',
  async (name) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'student.safetensors');
    const original = createClassifier(name, shape, 4);
    for (const buffer of original.buffers.values()) buffer.assign(tf.range(1, buffer.size + 1));
    await writeFile(path, writeSafetensors(await exportWeights(original, { epoch: '3' })));
    const copy = createClassifier(name, shape, 5);
    loadStateDict(copy, (await readStateDictFile(path)).state, path);
    const different = [...stateOf(original).keys()].filter(
      (tensor) => Buffer.compare(bytesOf(original, tensor), bytesOf(copy, tensor)) !== 0,
    );
    expect(different).toEqual([]);
    for (const model of [original, copy]) model.dispose();
  },
);

test('safetensors with counters loads, with another dtype or cut off names tensor and file', async () => {
  const model = create();
  const bytes = writeSafetensors(await exportWeights(model, {}));
  const renamed = withHeader(bytes, (header) =>
    header.replace('"bn1.weight":{"dtype":"F32","shape":[16]', '"bn1.weight":{"dtype":"F16","shape":[32]'),
  );
  const counter = withHeader(bytes, (header) => {
    const end = bytes.length - 8 - Number(new DataView(bytes.buffer).getBigUint64(0, true));
    return header.replace(
      /}\s*$/,
      `,"bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[${end},${end + 8}]}}`,
    );
  });
  expect(problemsOf(model, parseStateDict(renamed, file).state)).toEqual({
    'bn1.weight': 'has shape [32], expected [16]',
  });
  const counted = Uint8Array.from([...counter, ...new Array(8).fill(0)]);
  expect(problemsOf(model, parseStateDict(counted, file).state)).toEqual({});
  expect(() => parseStateDict(bytes.subarray(0, -1), file)).toThrow(/teachers\/resnet8\.pth.*tensor "layer3\.0\.down/);
});

test('a file that is not there is named', async () => {
  const problem = await readStateDictFile('/nowhere/teacher.pth').catch(messageOf);
  expect(problem).toBe('Cannot read "/nowhere/teacher.pth": no such file');
});

/** The file with another header of the same or another length. */
function withHeader(bytes: Uint8Array, change: (header: string) => string): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextEncoder().encode(change(new TextDecoder().decode(bytes.subarray(8, 8 + length))));
  const changed = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
  changed.set(header, 8);
  changed.set(bytes.subarray(8 + length), 8 + header.length);
  return changed;
}
