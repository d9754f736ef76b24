import type { Clock } from '../core/clock.ts';

/** The machine's clock. Leases never depend on it: they use the database's time. */
export const systemClock: Clock = { now: () => Date.now() };
