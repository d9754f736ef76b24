/** The state dict within what PyTorch's `torch.save` wrote. */
import { isDict, type PickleValue } from './pickle.ts';
import { type StateDict, type StateTensor, unusableFile } from './state-dict.ts';
import { isTensor, readTensor, type TorchTensor } from './torch-storage.ts';

/** Under which key training scripts keep the state dict beside epoch and optimizer. */
const wrappers = ['state_dict', 'model', 'model_state_dict', 'net'];

/**
 * The tensors of the value itself, or of the entry of it that is a state dict.
 * @param storages the bytes of each storage that the file has in full
 * @throws {AbkdError} MISSING_DATA where there is none, or where the values of a tensor are not there
 */
export function stateDictOf(
  root: PickleValue,
  file: string,
  fileBytes: number,
  storages: ReadonlyMap<string, Uint8Array>,
): StateDict {
  const tensors = findTensors(root);
  if (tensors === null) throw unusableFile(file, `it has ${describe(root)}, expected a dict of tensors`);
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  // Many names for one storage would make far more of the file than it holds.
  if (elements > fileBytes) {
    throw unusableFile(file, `its tensors have ${elements} elements, expected at most one per byte (${fileBytes})`);
  }
  const state = new Map<string, StateTensor>();
  for (const [name, tensor] of tensors) {
    const bytes = storages.get(tensor.storage.key);
    if (bytes === undefined) throw unusableFile(file, `it ends before the values of tensor "${name}"`);
    state.set(name, readTensor(tensor, bytes));
  }
  return state;
}

function findTensors(root: PickleValue): ReadonlyMap<string, TorchTensor> | null {
  if (!isDict(root)) return null;
  const candidates = [root, ...wrappers.map((key) => root.entries.get(key))];
  for (const candidate of candidates) {
    const tensors = tensorsOf(candidate);
    if (tensors !== null) return tensors;
  }
  return null;
}

/** Null where there are none, or something else beside them. */
function tensorsOf(value: PickleValue | undefined): ReadonlyMap<string, TorchTensor> | null {
  if (!isDict(value) || value.entries.size === 0) return null;
  const tensors = new Map<string, TorchTensor>();
  for (const [name, tensor] of value.entries) {
    if (typeof name !== 'string' || !isTensor(tensor)) return null;
    tensors.set(name, tensor);
  }
  return tensors;
}

function describe(root: PickleValue): string {
  if (!isDict(root)) return 'no dict at its top';
  const keys = [...root.entries.keys()].slice(0, 8).map((key) => JSON.stringify(typeof key === 'string' ? key : '..'));
  return `a dict of ${keys.join(', ')}`;
}
