import { groupBy } from './group.ts';
import type { SummaryRow } from './row.ts';

/**
 * Rows of one fingerprint by the teacher's hash. A trial that has not succeeded goes with the teacher of its sweep, or
 * with the only one that is known; where there are several and its sweep has none yet, under null.
 */
export function groupByTeacher(rows: readonly SummaryRow[]): ReadonlyMap<string | null, readonly SummaryRow[]> {
  const known = new Map(rows.flatMap((row) => (row.teacherSha256 === null ? [] : [[row.sweepId, row.teacherSha256]])));
  const teachers = new Set(rows.flatMap((row) => row.teacherSha256 ?? []));
  const [only = null] = teachers.size === 1 ? teachers : [];
  return groupBy(rows, (row) => row.teacherSha256 ?? known.get(row.sweepId) ?? only);
}
