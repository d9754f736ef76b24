import { setTimeout as pause } from 'node:timers/promises';

/** Tries `attempt` until it neither throws nor rejects; after `timeoutMs` the last failure is thrown. */
export async function eventually<Value>(
  attempt: () => Value | Promise<Value>,
  options: { readonly timeoutMs: number },
): Promise<Value> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(25);
  }
}
