import { z } from 'zod';
import type { AxisRange } from '../core/space/axis.ts';
import type { Contestant } from './contestant.ts';
import { startPeer } from './peers.ts';

/** Samplers of bench/peers/optuna_search.py. */
export const optunaSamplers = ['gp', 'tpe', 'qmc', 'random'] as const;
export type OptunaSampler = (typeof optunaSamplers)[number];

/** The sampler of the same kind as a method of ours; null where there is none. */
export function counterpartOf(method: string): OptunaSampler | null {
  const counterparts: Readonly<Record<string, OptunaSampler>> = {
    random: 'random',
    sobol: 'qmc',
    tpe: 'tpe',
    gp: 'gp',
  };
  return counterparts[method] ?? null;
}

export interface OptunaStart {
  readonly sampler: OptunaSampler;
  readonly seed: number;
  readonly axes: Readonly<Record<string, AxisRange>>;
  /** Points that were tried before. */
  readonly observations: readonly { readonly params: Readonly<Record<string, number>>; readonly value: number }[];
}

export interface OptunaPoint {
  readonly number: number;
  readonly params: Readonly<Record<string, number>>;
  /** Processor time of its suggestion, the values that were told with the request included. */
  readonly cpuSeconds: number;
}

/** Optuna in a process of its own, with one study at a time. */
export interface Optuna extends AsyncDisposable {
  readonly version: string;
  start(study: OptunaStart): Promise<void>;
  /** Values of points that were asked for, and how many more are wanted. Greater is better. */
  next(told: readonly { readonly number: number; readonly value: number }[], count: number): Promise<OptunaPoint[]>;
}

const readySchema = z.object({ version: z.string() });
const startedSchema = z.object({ started: z.literal(true) });
const pointsSchema = z.object({
  points: z.array(
    z.object({ number: z.int(), params: z.record(z.string(), z.number()), cpuSeconds: z.number().nonnegative() }),
  ),
});

export async function startOptuna(python: string): Promise<Optuna> {
  const program: Contestant = startPeer('optuna_search.py', python, {});
  const { version } = await program.ready(readySchema).catch(async (error: unknown) => {
    await program[Symbol.asyncDispose]();
    throw error;
  });
  return {
    version,
    start: async (study) => void (await program.ask({ start: study }, startedSchema)),
    next: async (told, count) => (await program.ask({ tell: told, ask: count }, pointsSchema)).points,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
