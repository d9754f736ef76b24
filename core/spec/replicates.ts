import type { Replicates } from '../search/budget.ts';
import type { ReplicatesSpec } from './schema.ts';

/** A number of seeds means exactly so many. */
export function replicatesOf(spec: ReplicatesSpec): Replicates {
  return typeof spec === 'number' ? { min: spec, max: spec } : spec;
}
