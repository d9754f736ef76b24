import { createAbSurface } from './ab-surface.ts';
import { ackley2, branin, hartmann6, sixHumpCamel } from './functions.ts';
import type { TestProblem } from './problem.ts';

const functions: readonly TestProblem[] = [branin, hartmann6, ackley2, sixHumpCamel];

/** How problems are named; `SEED` is a whole number that draws the surface, 0 where it is left out. */
export const problemForms: readonly string[] = [...functions.map(({ name }) => name), 'abSurface[:SEED]'];

/** The problem of that name; null where there is none. */
export function findProblem(name: string): TestProblem | null {
  const surface = /^abSurface(?::(\d{1,9}))?$/.exec(name);
  if (surface !== null) return createAbSurface(Number(surface[1] ?? 0));
  return functions.find((each) => each.name === name) ?? null;
}
