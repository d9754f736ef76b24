/** Adds up the time of named parts; a part inside another one is taken out of that. */
export function createPartClock() {
  const spentMs = new Map<string, number>();
  let insideMs = 0;
  const add = (part: string, ms: number) => void spentMs.set(part, (spentMs.get(part) ?? 0) + ms);
  return {
    reset: () => spentMs.clear(),
    time: <Value>(part: string, work: () => Value): Value => {
      const insideBefore = insideMs;
      insideMs = 0;
      const started = performance.now();
      const value = work();
      const ms = performance.now() - started;
      add(part, ms - insideMs);
      insideMs = insideBefore + ms;
      return value;
    },
    timeEach: async function* <Value>(part: string, values: AsyncIterator<Value>): AsyncGenerator<Value> {
      for (;;) {
        const started = performance.now();
        const { value, done } = await values.next();
        add(part, performance.now() - started);
        if (done) return;
        yield value;
      }
    },
    shares: (): Readonly<Record<string, number>> => {
      const total = [...spentMs.values()].reduce((sum, ms) => sum + ms, 0);
      return Object.fromEntries([...spentMs].map(([part, ms]) => [part, ms / total]));
    },
  };
}
