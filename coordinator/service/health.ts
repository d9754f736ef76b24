import type { HealthAnswer } from '../../core/api/fleet.ts';
import { AbkdError } from '../../core/errors.ts';
import { sleep } from '../../platform/async.ts';
import type { Bus } from '../bus/bus.ts';
import type { Store } from '../store/store.ts';

export interface HealthService {
  /** `unavailable` without the database; `degraded` where hints do not travel, which costs latency only. */
  check(): Promise<HealthAnswer>;
}

/** A database that takes longer to answer a ping is as good as away. */
const pingTimeoutMs = 2_000;

export function createHealthService(store: Store, bus: Bus): HealthService {
  return {
    check: async () => {
      const database = await pingDatabase(store);
      const checks = { database, ...bus.health() };
      if (database !== 'ok') return { status: 'unavailable', checks };
      return { status: Object.values(checks).every((check) => check === 'ok') ? 'ok' : 'degraded', checks };
    },
  };
}

async function pingDatabase(store: Store): Promise<string> {
  const waited = new AbortController();
  try {
    return await Promise.race([
      store.ping().then(() => 'ok'),
      sleep(pingTimeoutMs, waited.signal).then(() => `no answer within ${pingTimeoutMs} ms`),
    ]);
  } catch (error) {
    return error instanceof AbkdError ? error.message : 'unreachable';
  } finally {
    waited.abort();
  }
}
