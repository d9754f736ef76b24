import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { BusChannel } from './bus.ts';

/** Listens to the database's hints until `signal` aborts, reconnecting for ever; `onWake` also tells of connections. */
export type Listen = (onWake: () => void, signal: AbortSignal, onTrouble: (error: unknown) => void) => Promise<void>;

/** Hints through the database. The store sends them with the changes they tell of, so there is nothing to publish. */
export function openPostgresChannel(listen: Listen, deliver: () => void, log: Logger): BusChannel {
  const closing = new AbortController();
  let health = 'not connected';
  const wake = () => {
    health = 'ok';
    deliver();
  };
  const trouble = (error: unknown) => {
    health = 'not connected';
    log.warn({ reason: messageOf(error) }, 'database hints lost, looking from time to time instead');
  };
  const listening = listen(wake, closing.signal, trouble);
  return {
    name: 'notify',
    publish: () => undefined,
    health: () => health,
    close: async () => {
      closing.abort();
      await listening;
    },
  };
}
