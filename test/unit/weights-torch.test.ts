import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AbkdError } from '../../core/errors.ts';
import type { StateDict } from '../../worker/models/weights/state-dict.ts';
import { parseStateDict } from '../../worker/models/weights/state-dict-file.ts';
import {
  type Bytes,
  dict,
  legacyFile,
  list,
  op,
  orderedDict,
  type TensorSpec,
  tensor,
  tuple,
} from '../support/torch-pickle.ts';
import { fileTensors, legacyFile as torchLegacyFile, zipFile } from '../support/vectors/torch-files.ts';

const file = 'models/student.pth';
const vector: TensorSpec = { length: 2, shape: [2], strides: [1] };

const parse = (bytes: Uint8Array) => parseStateDict(bytes, file).state;

/** A legacy file with one tensor "w" in a plain state dict. */
const oneTensor = (spec: TensorSpec, values: readonly number[] = [1, 2]) =>
  legacyFile(orderedDict([op.text('w'), tensor(spec)]), { [spec.key ?? 'k']: values });

function valuesOf(state: StateDict, name: string): number[] {
  return [...state.get(name)!.data!];
}

function problemOf(bytes: Uint8Array): string {
  try {
    parse(bytes);
  } catch (error) {
    if (error instanceof AbkdError && error.code === 'MISSING_DATA') return error.message;
    throw error;
  }
  return 'none';
}

describe.each([
  { format: 'legacy', bytes: torchLegacyFile },
  { format: 'zip', bytes: zipFile },
])('a $format file that PyTorch wrote', ({ bytes }) => {
  test('gives every tensor, with counters named but without values', () => {
    const state = parse(bytes);
    for (const [name, { shape, values }] of Object.entries(fileTensors)) {
      expect(state.get(name)?.shape).toEqual(shape);
      expect(valuesOf(state, name)).toEqual(values);
    }
    expect(state.get('1.num_batches_tracked')).toEqual({ shape: [], dtype: 'int64', data: null });
    expect(state.size).toBe(Object.keys(fileTensors).length + 1);
  });

  test('is refused by name wherever it is cut off', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(problemOf(bytes.subarray(0, length)), `${length} bytes`).toContain(file);
    }
  });

  test('with any bytes changed gives tensors or a refusal, never another error', () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        expect(problemOf(damaged)).toMatch(/^none$|models\/student\.pth/);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

test('reads views: transposed, with an offset, and two of one storage', () => {
  const transposed: TensorSpec = { length: 7, shape: [3, 2], strides: [1, 3], offset: 1 };
  const root = orderedDict(
    [op.text('transposed'), tensor(transposed)],
    [op.text('row'), tensor({ length: 7, shape: [3], strides: [1], offset: 4 })],
  );
  const state = parse(legacyFile(root, { k: [0, 1, 2, 3, 4, 5, 6] }));
  expect(valuesOf(state, 'transposed')).toEqual([1, 4, 2, 5, 3, 6]);
  expect(valuesOf(state, 'row')).toEqual([4, 5, 6]);
});

test.each(['state_dict', 'model', 'net'])('finds the state dict under "%s" beside other entries', (key) => {
  const root = dict(
    [op.text('epoch'), op.int(240)],
    [op.text(key), orderedDict([op.text('w'), tensor(vector)])],
    [op.text('history'), list(op.none, op.int(-3), op.yes)],
  );
  expect(valuesOf(parse(legacyFile(root, { k: [1, 2] })), 'w')).toEqual([1, 2]);
});

describe('what would run code is refused by name and byte', () => {
  const attacks: readonly { readonly what: string; readonly root: Bytes; readonly named: string }[] = [
    {
      what: 'os.system',
      root: [...op.global('os', 'system'), ...tuple(op.text('touch /tmp/owned')), ...op.reduce],
      named: 'global "os.system"',
    },
    {
      what: 'posix.system beside a state dict',
      root: dict([op.text('w'), tensor(vector)], [op.text('x'), op.global('posix', 'system')]),
      named: 'global "posix.system"',
    },
    { what: 'builtins.eval', root: op.global('builtins', 'eval'), named: 'global "builtins.eval"' },
    { what: 'torch.load', root: op.global('torch', 'load'), named: 'global "torch.load"' },
    {
      what: 'a name that JavaScript objects have',
      root: op.global('constructor', 'constructor'),
      named: 'global "constructor.constructor"',
    },
    { what: 'INST', root: [...op.mark, 0x69, ...op.global('os', 'system').slice(1)], named: 'opcode INST (0x69)' },
    { what: 'OBJ', root: [...op.mark, 0x6f], named: 'opcode OBJ (0x6f)' },
    { what: 'NEWOBJ', root: [...op.emptyTuple, ...op.emptyTuple, 0x81], named: 'opcode NEWOBJ (0x81)' },
    { what: 'STACK_GLOBAL', root: [...op.text('os'), ...op.text('system'), 0x93], named: 'opcode STACK_GLOBAL (0x93)' },
    { what: 'EXT1', root: [0x82, 0x01], named: 'opcode EXT1 (0x82)' },
    {
      what: 'a call of a storage class',
      root: [...op.global('torch', 'FloatStorage'), ...op.emptyTuple, ...op.reduce],
      named: 'a call of torch.FloatStorage',
    },
    {
      what: 'a call of something that is no global',
      root: [...op.text('os.system'), ...op.emptyTuple, ...op.reduce],
      named: 'a call of something other than a global',
    },
    { what: 'attributes of a list', root: [...op.emptyList, ...op.emptyDict, ...op.build], named: 'attributes of' },
  ];
  test.each(attacks)('$what', ({ root, named }) => {
    const problem = problemOf(legacyFile(root, {}));
    expect(problem).toContain(`"${file}": byte `);
    expect(problem).toContain(named);
  });
});

describe('what does not fit together is refused', () => {
  const broken: readonly { readonly what: string; readonly bytes: Uint8Array; readonly named: string }[] = [
    {
      what: 'a storage larger than the file',
      bytes: oneTensor({ ...vector, length: 2 ** 30 }),
      named: 'storage "k" with 1073741824 elements of float32, more than the file has',
    },
    {
      what: 'a tensor beyond its storage',
      bytes: oneTensor({ ...vector, offset: 1 }),
      named: 'shape [2] that ends at element 2 of storage "k", which has 2',
    },
    {
      what: 'a tensor that repeats one element a billion times',
      bytes: oneTensor({ length: 2, shape: [2 ** 30], strides: [0] }),
      named: 'shape [1073741824]',
    },
    {
      what: 'negative strides',
      bytes: oneTensor({ length: 2, shape: [2], strides: [-1], offset: 1 }),
      named: 'a tensor without storage, offset, sizes and strides',
    },
    {
      what: 'a view of a storage',
      bytes: oneTensor({ ...vector, view: tuple(op.text('v'), op.int(0), op.int(1)) }),
      named: 'storage "k" is a view',
    },
    {
      what: 'an unknown storage class',
      bytes: oneTensor({ ...vector, storage: 'QUInt8Storage' }),
      named: 'global "torch.QUInt8Storage"',
    },
    {
      what: 'one storage under two types',
      bytes: legacyFile(
        orderedDict([op.text('w'), tensor(vector)], [op.text('v'), tensor({ ...vector, storage: 'IntStorage' })]),
        { k: [1, 2] },
      ),
      named: 'storage "k" as int32[2], before as float32[2]',
    },
    { what: 'a storage of another length', bytes: oneTensor(vector, [1, 2, 3]), named: 'storage "k" has 3 elements' },
    {
      what: 'many names for one large storage',
      bytes: legacyFile(
        [
          ...tensor({ length: 400, shape: [400], strides: [1] }),
          ...op.put(9),
          ...dict(...Array.from({ length: 256 }, (_, i) => [op.text(`w${i}`), op.get(9)] as const)),
        ],
        { k: new Array<number>(400).fill(1) },
      ),
      named: 'its tensors have 102400 elements, expected at most one per byte',
    },
    { what: 'bytes after the end', bytes: Uint8Array.from([...oneTensor(vector), 0]), named: 'it goes on after byte' },
    { what: 'big-endian numbers', bytes: legacyFile(dict(), {}, op.no), named: 'not little-endian' },
    { what: 'no tensors', bytes: legacyFile(dict([op.text('epoch'), op.int(1)]), {}), named: 'a dict of "epoch"' },
    { what: 'an unset memo entry', bytes: legacyFile(op.get(77), {}), named: 'memo entry 77' },
    { what: 'an empty stack', bytes: legacyFile(op.appends, {}), named: 'a mark where there is none' },
  ];
  test.each(broken)('$what', ({ bytes, named }) => {
    expect(problemOf(bytes)).toContain(named);
  });

  test('a file that ends within the values names the tensor', () => {
    const bytes = oneTensor({ ...vector, key: '94020243121552' });
    expect(problemOf(bytes.subarray(0, -1))).toBe(
      `Cannot use weight file "${file}": it ends before the values of tensor "w"`,
    );
  });

  test('changed values in a zip archive do not fit their checksum', () => {
    const damaged = Uint8Array.from(zipFile);
    const storage = Buffer.from(zipFile).indexOf(Buffer.from(Float32Array.of(4, 5, 6).buffer));
    damaged[storage] = 1;
    expect(problemOf(damaged)).toMatch(/entry ".*\/data\/4" does not fit its checksum/);
  });

  test('a file of another kind is called that', () => {
    expect(problemOf(new TextEncoder().encode('<!DOCTYPE html>'))).toContain('neither a PyTorch file nor safetensors');
  });
});
