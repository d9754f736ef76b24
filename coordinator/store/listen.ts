import pg from 'pg';
import { createDeferred, sleep } from '../../platform/async.ts';
import { workChannel } from './sql/notify-work.ts';

const firstDelayMs = 250;
const maxDelayMs = 15_000;
const checkEveryMs = 30_000;

/**
 * Calls `onWake` whenever any coordinator says that there may be something to do (a sweep came or was cancelled, trials
 * were queued again), and after every (re)connection, because hints in between are lost. A hint proves nothing: whoever
 * wakes looks. Reconnects until `signal` aborts, then resolves; it never rejects.
 * @param onTrouble is told why a connection was lost or not made
 */
export async function listenForWork(
  connectionString: string,
  onWake: () => void,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void = () => undefined,
): Promise<void> {
  let delayMs = firstDelayMs;
  const connected = () => {
    delayMs = firstDelayMs;
    onWake();
  };
  while (!signal.aborted) {
    await listenOnce(connectionString, connected, onWake, signal).catch(onTrouble);
    await sleep(delayMs, signal);
    delayMs = Math.min(maxDelayMs, delayMs * 2);
  }
}

/** Resolves when `signal` aborts, rejects when the connection breaks. */
async function listenOnce(
  connectionString: string,
  onConnected: () => void,
  onWake: () => void,
  signal: AbortSignal,
): Promise<void> {
  const broken = createDeferred<never>();
  // Errors that come while nobody waits are told by the wait that follows.
  broken.promise.catch(() => undefined);
  const client = new pg.Client({
    connectionString,
    application_name: 'abkd listen',
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  client.on('error', broken.reject);
  client.on('end', () => broken.reject(new Error('Cannot listen for work: the connection ended')));
  client.on('notification', onWake);
  try {
    await client.connect();
    await client.query(`LISTEN ${workChannel}`);
    onConnected();
    // A connection that died without a word shows only when it is used.
    while (await Promise.race([sleep(checkEveryMs, signal), broken.promise])) await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}
