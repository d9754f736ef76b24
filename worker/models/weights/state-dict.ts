import { AbkdError } from '../../../core/errors.ts';

/** A tensor of a weight file. */
export interface StateTensor {
  /** As PyTorch orders the axes: convolutions `[out, in / groups, height, width]`, linear layers `[out, in]`. */
  readonly shape: readonly number[];
  /** `float32`; other types as the file names them: `int64`, `I64`. */
  readonly dtype: string;
  /** Row-major values of a float32 tensor, else null. */
  readonly data: Float32Array | null;
}

/** What a weight file holds, by name, in file order: PyTorch's state dict. */
export type StateDict = ReadonlyMap<string, StateTensor>;

/** A weight file as it was read. */
export interface StateDictFile {
  readonly state: StateDict;
  /** Free text by name, as safetensors have it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A weight file that cannot be used as it is. */
export function unusableFile(file: string, problem: string, cause?: unknown): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot use weight file "${file}": ${problem}`, { cause });
}
