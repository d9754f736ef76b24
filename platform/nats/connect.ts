import { connect, type NatsConnection } from 'nats';
import { messageOf } from '../../core/errors.ts';
import { sleep } from '../async.ts';
import type { Logger } from '../logger.ts';

/** A subject on which hints travel: no content, no guarantee. */
export interface NatsHints {
  publish(): void;
  /** `ok` or what is wrong. */
  health(): string;
  close(): Promise<void>;
}

export interface NatsHintsOptions {
  readonly url: string;
  readonly subject: string;
  /** Called for every hint, and after every gap in which some may have been missed. */
  readonly deliver: () => void;
  readonly log: Logger;
}

const retryMs = 1_000;

/** Connects in the background, for as long as it takes; a server that goes away is found again. Nothing waits for it. */
export function openNatsHints(options: NatsHintsOptions): NatsHints {
  const closing = new AbortController();
  let connection: NatsConnection | null = null;
  let health = 'not connected';
  const hold = async () => {
    while (!closing.signal.aborted) {
      try {
        connection = await connect({ servers: options.url, name: 'abkd coordinator', maxReconnectAttempts: -1 });
        connection.subscribe(options.subject, { callback: options.deliver });
        await follow(connection);
      } catch (error) {
        options.log.warn({ reason: messageOf(error) }, 'NATS not reached, hints travel without it');
      }
      health = 'not connected';
      await sleep(retryMs, closing.signal);
    }
  };
  /** Until the connection is closed for good. */
  const follow = async (opened: NatsConnection) => {
    const close = () => void opened.close();
    closing.signal.addEventListener('abort', close, { once: true });
    if (closing.signal.aborted) close();
    health = 'ok';
    options.deliver();
    // Status events end with the process only, the connection with `closed`.
    await Promise.race([opened.closed(), followStatus(opened)]);
    closing.signal.removeEventListener('abort', close);
  };
  const followStatus = async (opened: NatsConnection) => {
    for await (const { type } of opened.status()) {
      if (type === 'disconnect') health = 'not connected';
      if (type !== 'reconnect') continue;
      health = 'ok';
      options.deliver();
    }
  };
  const held = hold();
  return {
    publish: () => {
      if (health === 'ok') connection?.publish(options.subject);
    },
    health: () => health,
    close: async () => {
      closing.abort();
      await held;
    },
  };
}
