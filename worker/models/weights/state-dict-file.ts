import { messageOf } from '../../../core/errors.ts';
import { readBoundedFile } from '../../data/bounded-file.ts';
import { readSafetensors } from './safetensors.ts';
import { type StateDictFile, type StateTensor, unusableFile } from './state-dict.ts';
import { isTorchLegacy, readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';
import { isZip } from './zip-archive.ts';

/** The largest model here, ResNet-50 with its optimizer's state, has 190 MB. */
const maxFileBytes = 1 << 30;

/**
 * What a weight file holds: safetensors, or what `torch.save` wrote, old or new. The content decides, not the name.
 * @param name what errors call it
 * @throws {AbkdError} MISSING_DATA naming the file, and the tensor or byte, where it is damaged or of another kind
 * @throws {TrialError} MISSING_DATA naming the file where it cannot be read
 */
export async function readStateDictFile(path: string, name: string = path): Promise<StateDictFile> {
  return parseStateDict(await readBoundedFile(path, maxFileBytes), name);
}

/** As `readStateDictFile` for bytes at hand; `file` is named in errors. */
export function parseStateDict(bytes: Uint8Array, file: string): StateDictFile {
  if (isTorchLegacy(bytes)) return { state: readTorchLegacy(bytes, file), metadata: {} };
  if (isZip(bytes)) return { state: readTorchZip(bytes, file), metadata: {} };
  try {
    const { tensors, others, metadata } = readSafetensors(bytes);
    const floats = [...tensors].map(([name, tensor]) => [name, { ...tensor, dtype: 'float32' }] as const);
    const state = new Map<string, StateTensor>([
      ...floats,
      ...[...others].map(([name, tensor]) => [name, { ...tensor, data: null }] as const),
    ]);
    return { state, metadata };
  } catch (error) {
    throw unusableFile(file, `neither a PyTorch file nor safetensors: ${messageOf(error)}`, error);
  }
}
