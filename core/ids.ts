/** Branded identifiers: a `TrialId` cannot be passed where a `SweepId` is wanted. All are UUIDs. */
type Branded<Name extends string> = string & { readonly __brand: Name };

export type SweepId = Branded<'SweepId'>;
export type TaskId = Branded<'TaskId'>;
export type PointId = Branded<'PointId'>;
export type TrialId = Branded<'TrialId'>;
/** One run of the worker agent; a restarted agent is a new worker. */
export type WorkerId = Branded<'WorkerId'>;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a lower-case UUID, the only form in which identifiers are accepted at an edge. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
