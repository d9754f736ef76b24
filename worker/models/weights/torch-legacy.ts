/**
 * Reads the files of `torch.save` before PyTorch 1.6 (`.th`, `.pth`): five pickles (magic number, protocol version,
 * system, the saved object, keys of its storages), then each storage as its length and its values. Nothing of the file
 * is executed: a state dict needs a handful of globals, which are interpreted as data.
 * @see https://github.com/pytorch/pytorch/blob/v1.5.0/torch/serialization.py
 */
import { createByteCursor } from './byte-cursor.ts';
import { type Fail, isDict, type PickleValue, unpickle } from './pickle.ts';
import { type StateDict, unusableFile } from './state-dict.ts';
import { stateDictOf } from './torch-checkpoint.ts';
import { type TorchStorage, torchRules } from './torch-storage.ts';

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** Before the values of a storage. */
const lengthBytes = 8;
/** The magic number as a pickle. */
const firstBytes = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

export function isTorchLegacy(bytes: Uint8Array): boolean {
  return firstBytes.every((byte, index) => bytes[index] === byte);
}

/**
 * The state dict that a legacy file holds.
 * @param file its name, for errors
 * @throws {AbkdError} MISSING_DATA naming the file, and the byte or tensor
 */
export function readTorchLegacy(bytes: Uint8Array, file: string): StateDict {
  const fail: Fail = (problem) => unusableFile(file, problem);
  const storages = new Map<string, TorchStorage>();
  const rules = torchRules(storages, bytes.length, fail);
  let end = 0;
  const next = (): PickleValue => {
    const pickle = unpickle(bytes, end, rules);
    end = pickle.end;
    return pickle.value;
  };
  if (next() !== magicNumber) throw fail('its magic number is not that of PyTorch');
  const version = next();
  if (version !== protocolVersion) throw fail(`its protocol is ${String(version)}, expected ${protocolVersion}`);
  const system = next();
  if (!isDict(system) || system.entries.get('little_endian') !== true) throw fail('its numbers are not little-endian');
  const root = next();
  const located = locateStorages(bytes, next(), end, storages, fail);
  return stateDictOf(root, file, bytes.length, located);
}

/** The bytes of each storage, in the order of `keys`, up to where the file ends. */
function locateStorages(
  bytes: Uint8Array,
  keys: PickleValue,
  start: number,
  storages: ReadonlyMap<string, TorchStorage>,
  fail: Fail,
): ReadonlyMap<string, Uint8Array> {
  if (!Array.isArray(keys)) throw fail('its list of storages is no list');
  const located = new Map<string, Uint8Array>();
  const cursor = createByteCursor(bytes, start, fail);
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined) throw fail(`it lists storage ${JSON.stringify(String(key))}, which no tensor has`);
    const sizeBytes = storage.length * storage.elementBytes;
    if (bytes.length - cursor.offset() < lengthBytes + sizeBytes) return located;
    const length = cursor.uint64();
    if (length !== storage.length) {
      throw fail(`storage "${storage.key}" has ${length} elements, expected ${storage.length}`);
    }
    located.set(storage.key, cursor.take(sizeBytes));
  }
  if (cursor.offset() < bytes.length)
    throw fail(`it goes on after byte ${cursor.offset()}, where its last storage ends`);
  return located;
}
