/**
 * Reads the files of `torch.save` since PyTorch 1.6: a zip archive with the saved object as a pickle, `data.pkl`, and one
 * entry `data/KEY` per storage. The same restricted interpreter as for legacy files.
 * @see https://github.com/pytorch/pytorch/blob/v2.0.0/torch/serialization.py
 */
import { type Fail, unpickle } from './pickle.ts';
import { type StateDict, unusableFile } from './state-dict.ts';
import { stateDictOf } from './torch-checkpoint.ts';
import { type TorchStorage, torchRules } from './torch-storage.ts';
import { readStoredZip } from './zip-archive.ts';

const pickleName = '/data.pkl';

/**
 * The state dict of an archive.
 * @param file its name, for errors
 * @throws {AbkdError} MISSING_DATA naming the file, and the entry, byte or tensor
 */
export function readTorchZip(bytes: Uint8Array, file: string): StateDict {
  const fail: Fail = (problem) => unusableFile(file, problem);
  const entries = readStoredZip(bytes, fail);
  const pickleEntry = [...entries.keys()].find((name) => name.endsWith(pickleName));
  if (pickleEntry === undefined) throw fail(`it is a zip archive without an entry "..${pickleName}"`);
  const folder = pickleEntry.slice(0, -pickleName.length);
  const order = entries.get(`${folder}/byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== 'little') {
    throw fail('its numbers are not little-endian');
  }
  const storages = new Map<string, TorchStorage>();
  const failInPickle: Fail = (problem) => fail(`in "${pickleEntry}": ${problem}`);
  const { value } = unpickle(entries.get(pickleEntry)!, 0, torchRules(storages, bytes.length, failInPickle));
  return stateDictOf(value, file, bytes.length, locateStorages(folder, entries, storages, fail));
}

function locateStorages(
  folder: string,
  entries: ReadonlyMap<string, Uint8Array>,
  storages: ReadonlyMap<string, TorchStorage>,
  fail: Fail,
): ReadonlyMap<string, Uint8Array> {
  const located = new Map<string, Uint8Array>();
  for (const { key, length, elementBytes } of storages.values()) {
    const name = `${folder}/data/${key}`;
    const content = entries.get(name);
    if (content === undefined) throw fail(`it has no entry "${name}"`);
    if (content.length !== length * elementBytes) {
      throw fail(`entry "${name}" has ${content.length} bytes, expected ${length * elementBytes}`);
    }
    located.set(key, content);
  }
  return located;
}
