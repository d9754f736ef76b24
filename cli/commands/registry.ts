import type { RunnableCommand } from '../command.ts';

/** A command that is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<RunnableCommand>;
}

/** All commands, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'run everything on this machine: PostgreSQL, coordinator, workers',
    load: async () => (await import('./up.ts')).up,
  },
  {
    name: 'demo',
    summary: 'sweep α/β on real MNIST through the whole system and print the table',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'submit',
    summary: 'submit a sweep spec (YAML or JSON)',
    load: async () => (await import('./submit.ts')).submit,
  },
  { name: 'watch', summary: 'follow a sweep until it ends', load: async () => (await import('./watch.ts')).watch },
  {
    name: 'status',
    summary: 'all sweeps, or one in detail',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'best',
    summary: 'best α/β per dataset, pair and objective, beside landmarks and baselines',
    load: async () => (await import('./best.ts')).best,
  },
  {
    name: 'surface',
    summary: 'where the optimum lies, and how sure that is: a map of the (α, β) plane',
    load: async () => (await import('./surface.ts')).surface,
  },
  {
    name: 'replay',
    summary: 'compute every decision of a finished or running search again',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'simulate',
    summary: 'try the search of a spec without training, on a table of results or a test function',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  { name: 'cancel', summary: 'stop a sweep', load: async () => (await import('./cancel.ts')).cancel },
  {
    name: 'rerun',
    summary: 'run what failed or is missing of a sweep, and nothing else',
    load: async () => (await import('./rerun.ts')).rerun,
  },
  {
    name: 'coordinator',
    summary: 'run a coordinator on a PostgreSQL of your own',
    load: async () => (await import('./coordinator.ts')).coordinator,
  },
  {
    name: 'worker',
    summary: 'run trials on this host for a coordinator',
    load: async () => (await import('./worker.ts')).worker,
  },
  { name: 'workers', summary: 'who works, and on what', load: async () => (await import('./workers.ts')).workers },
  {
    name: 'weights',
    summary: 'what a file of trained weights holds, and whether a model takes it',
    load: async () => (await import('./weights.ts')).weights,
  },
  {
    name: 'doctor',
    summary: 'what this machine can run, and why not the rest',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
