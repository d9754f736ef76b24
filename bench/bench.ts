/** What benches are asked for. A bench looks at the options that it names; another one is an error. */
export interface BenchOptions {
  /** Few repetitions: a look at the order of magnitude. */
  readonly quick: boolean;
  /** Backends for tensors, compared with one another: `auto`, `all`, or some of those that `abkd doctor` lists. */
  readonly backends: readonly string[];
  /** Networks; null = those of the bench. */
  readonly models: readonly string[] | null;
  /** Problems to be searched; null = all of the bench. */
  readonly functions: readonly string[] | null;
  /** Strategies, the peer's included; null = all. */
  readonly strategies: readonly string[] | null;
  /** Repetitions under seeds of their own; null = as many as the bench makes. */
  readonly seeds: number | null;
  /** Another program that does the same work in the same call; null = none. */
  readonly peer: string | null;
  /** The Python that runs peers. */
  readonly python: string;
  /** Adds the part of the time that each kernel took. */
  readonly kernels: boolean;
}

export type OptionName =
  | 'quick'
  | 'backend'
  | 'model'
  | 'peer'
  | 'python'
  | 'kernels'
  | 'function'
  | 'strategy'
  | 'seeds';

/** Names of fields are a contract with the programs that read them; units are in the names. */
export type BenchRow = Readonly<Record<string, string | number | null | Readonly<Record<string, number>>>>;

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** What was asked for by name and could not be measured, as it was said; the command fails, with the other rows. */
  readonly problems: readonly string[];
}

export interface Bench {
  readonly summary: string;
  readonly options: readonly OptionName[];
  /** What it can compare with, where it takes `--peer`. */
  readonly peers: readonly string[];
  /** @param say tells people what goes on, on standard error */
  run(options: BenchOptions, say: (line: string) => void): Promise<BenchResult>;
}

/** Of an even number the upper of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The entries of those names, in the order of `all`. @throws {Error} for a name that is not among them */
export function choose<Entry>(
  what: string,
  all: readonly Entry[],
  nameOf: (entry: Entry) => string,
  names: readonly string[] | null,
): readonly Entry[] {
  const known = all.map(nameOf);
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    throw new Error(`Cannot measure ${what} "${name}": unknown, expected some of ${known.join(', ')}`);
  }
  return all.filter((entry) => names?.includes(nameOf(entry)) ?? true);
}
