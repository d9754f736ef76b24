import type { Query } from '../database.ts';

/** Channel of the hints to all coordinators. */
export const workChannel = 'abkd_work';

/**
 * Guarantee: listeners hear it when, and only if, the transaction commits; equal hints of one transaction are one.
 * Lock order: the commit takes the server's notification lock, so this comes last and only where there is news.
 */
export async function notifyWork(query: Query, reason: 'created' | 'cancelled' | 'queued'): Promise<void> {
  await query('SELECT pg_notify($1, $2)', [workChannel, reason]);
}
