/** What a bench is given and gives back. */
export interface BenchOptions {
  /** Few repetitions: a look at the order of magnitude. */
  readonly quick: boolean;
  /** Backend for tensors: `auto` or one of those that `abkd doctor` lists. */
  readonly backend: string;
}

/** Names of fields are a contract with the programs that read them; units are in the names. */
export type BenchRow = Readonly<Record<string, string | number | null | Readonly<Record<string, number>>>>;

export type Bench = (options: BenchOptions) => Promise<readonly BenchRow[]>;
