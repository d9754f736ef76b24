import type { StateDict } from '../../worker/models/weights/state-dict.ts';
import { legacyFile, op, orderedDict, type TensorSpec, tensor } from './torch-pickle.ts';

/** A legacy PyTorch file with these float32 tensors, the way `torch.save(model.state_dict())` lays them out. */
export function torchStateFile(
  state: StateDict,
  change: (name: string) => Partial<TensorSpec> = () => ({}),
): Uint8Array {
  const entries = [...state].map(([name, { shape, data }]) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    const spec = { key: name, length: data!.length, shape, strides, ...change(name) };
    return [op.text(name), tensor(spec)] as const;
  });
  return legacyFile(
    orderedDict(...entries),
    Object.fromEntries([...state].map(([name, { data }]) => [name, [...data!]])),
  );
}
