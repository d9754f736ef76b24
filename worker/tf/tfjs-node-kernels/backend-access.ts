/** What our kernels need of tfjs-node's backend: TensorFlow's own operations, by name. */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** The native addon, as far as we use it. */
interface Binding {
  readonly TF_Version: string;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
}

/** The backend that tfjs-node registers as `tensorflow`, as far as we use it. */
export interface TfjsNodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Binding;
  executeSingleOutput(op: string, attributes: readonly OpAttribute[], inputs: readonly TensorInfo[]): TensorInfo;
  executeMultipleOutputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): TensorInfo[];
}

interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Arguments of a kernel, with its inputs and attributes named. */
export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly backend: TfjsNodeBackend;
}

/** Gives a typed kernel the signature that tfjs registers. tfjs calls it with what the operation of that name passes. */
export function asKernelFunc<Inputs, Attributes>(
  kernel: (call: KernelCall<Inputs, Attributes>) => TensorInfo | TensorInfo[],
): KernelFunc {
  return (call) => kernel(call as unknown as KernelCall<Inputs, Attributes>);
}

/** The value of an attribute and its kind; `type` is that of elements. */
export type AttributeValue =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string }
  | { readonly flag: boolean }
  | { readonly type: 'float32' | 'int32' };

/** Attributes of an operation in the form that the addon takes. */
export function attributes(
  { binding }: TfjsNodeBackend,
  values: Readonly<Record<string, AttributeValue>>,
): readonly OpAttribute[] {
  return Object.entries(values).map(([name, value]) => {
    if ('float' in value) return { name, type: binding.TF_ATTR_FLOAT, value: value.float };
    if ('int' in value) return { name, type: binding.TF_ATTR_INT, value: value.int };
    if ('ints' in value) return { name, type: binding.TF_ATTR_INT, value: value.ints };
    if ('text' in value) return { name, type: binding.TF_ATTR_STRING, value: value.text };
    if ('flag' in value) return { name, type: binding.TF_ATTR_BOOL, value: value.flag };
    const type = value.type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32;
    return { name, type: binding.TF_ATTR_TYPE, value: type };
  });
}
