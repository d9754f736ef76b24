/** Adds up the time of named parts; a part inside another one is taken out of that. */
export interface PartClock {
  time<Value>(part: string, work: () => Value): Value;
  timeAsync<Value>(part: string, work: () => Promise<Value>): Promise<Value>;
  /** Passes the values on; the time that each took to come is the part's. */
  timeEach<Value>(part: string, values: AsyncIterator<Value>): AsyncGenerator<Value>;
  /** What each part took of them all together, in the order in which they first ended; adds up to 1. */
  shares(): Readonly<Record<string, number>>;
  reset(): void;
}

export function createPartClock(): PartClock {
  const spentMs = new Map<string, number>();
  let insideMs = 0;
  const add = (part: string, ms: number) => void spentMs.set(part, (spentMs.get(part) ?? 0) + ms);
  return {
    reset: () => spentMs.clear(),
    time: (part, work) => {
      const insideBefore = insideMs;
      insideMs = 0;
      const started = performance.now();
      const value = work();
      const ms = performance.now() - started;
      add(part, ms - insideMs);
      insideMs = insideBefore + ms;
      return value;
    },
    timeAsync: async (part, work) => {
      const started = performance.now();
      const value = await work();
      add(part, performance.now() - started);
      return value;
    },
    timeEach: async function* (part, values) {
      for (;;) {
        const started = performance.now();
        const { value, done } = await values.next();
        add(part, performance.now() - started);
        if (done) return;
        yield value;
      }
    },
    shares: () => {
      const total = [...spentMs.values()].reduce((sum, ms) => sum + ms, 0);
      return Object.fromEntries([...spentMs].map(([part, ms]) => [part, ms / total]));
    },
  };
}
