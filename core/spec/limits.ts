/** Bounds of one submission. They keep a slip of the pen (a step of 0.0001) from filling the database. */
export const specLimits = {
  /** Size of the document. */
  bytes: 1024 * 1024,
  /** Nesting of a YAML document; a spec needs 6. */
  yamlDepth: 50,
  /** Words and signs of a YAML document: half a second of reading. */
  yamlTokens: 200_000,
  tasks: 100,
  objectives: 40,
  constraints: 50,
  /** Points of one task under one objective. */
  pointsPerTask: 10_000,
  /** The same where a Gaussian process chooses them: its cost per point grows with the square of the points. */
  adaptivePoints: 2_000,
  /** Trials of the whole sweep: points x replicates, and confirming ones, over all tasks and objectives. */
  trials: 100_000,
  /** Values on one axis, listed ones. */
  listedValues: 1_000,
  /** Values on one axis, counted by its step. */
  stepsPerAxis: 100_000_000,
  replicates: 1_000,
  /** Points of one task that are run again. */
  confirmedPoints: 1_000,
  /** Problems that one answer names. */
  problems: 200,
} as const;
