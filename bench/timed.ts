import { z } from 'zod';

/** How long something took; processor time is that of all threads of the process. */
export const timesSchema = z.object({ seconds: z.number().positive(), cpuSeconds: z.number().nonnegative() });

export type Times = Readonly<z.infer<typeof timesSchema>>;

export async function timed(work: () => Promise<unknown>): Promise<Times> {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

/** What work that does not wait gives, and the processor time that it takes. */
export function cpuSecondsOf<Result>(work: () => Result): { readonly result: Result; readonly cpuSeconds: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}
