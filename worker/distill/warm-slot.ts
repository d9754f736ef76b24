/** Keeps one value between trials, which a process serves one after another. */
export interface WarmSlot<Value> {
  /** The kept value if it has this key, else a new one. */
  obtain(key: string, create: () => Promise<Value>): Promise<Value>;
  clear(): void;
}

/** Keeps the value of the last key; the one before is let go first, so that two never fill the memory together. */
export function createWarmSlot<Value>(letGo: (value: Value) => void = () => undefined): WarmSlot<Value> {
  let warm: { readonly key: string; readonly value: Value } | null = null;
  const clear = () => {
    if (warm !== null) letGo(warm.value);
    warm = null;
  };
  return {
    obtain: async (key, create) => {
      if (warm?.key !== key) {
        clear();
        warm = { key, value: await create() };
      }
      return warm.value;
    },
    clear,
  };
}
