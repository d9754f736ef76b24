/** Where the time comes from; `platform/clock.ts` is the only implementation that looks at a real one. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}
