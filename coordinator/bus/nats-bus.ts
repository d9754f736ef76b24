import type { Logger } from '../../platform/logger.ts';
import { openNatsHints } from '../../platform/nats/connect.ts';
import type { BusChannel } from './bus.ts';

const wakeSubject = 'abkd.v1.wake';

/** Hints through NATS; losing the connection costs latency only. */
export function openNatsChannel(url: string, deliver: () => void, log: Logger): BusChannel {
  return { name: 'nats', ...openNatsHints({ url, subject: wakeSubject, deliver, log }) };
}
