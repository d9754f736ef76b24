/**
 * Entry of a trial process. Started by the agent with its settings as JSON; serves one trial after another until the
 * agent closes the channel or is gone.
 */
import { failureOf } from './failure.ts';
import { serveTrials } from './host.ts';
import type { FromTrialProcess, ToTrialProcess } from './messages.ts';
import { endWithParent } from './parent-watch.ts';
import { readTrialSettings } from './settings.ts';

/** A channel that has closed is noticed by `disconnect`. */
const send = (message: FromTrialProcess, sent: () => void = () => undefined) => {
  if (process.connected) process.send?.(message, undefined, {}, sent);
};

// Ctrl-C in a terminal and `systemctl stop` reach every process; what happens to running trials is the agent's decision.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => {
  const { kind, message } = failureOf(error);
  send({ kind: 'failed', failureKind: kind, message }, () => process.exit(1));
});
endWithParent(process.ppid);

const receive = serveTrials(readTrialSettings(process.argv[2]), send);
process.on('message', (message) => receive(message as ToTrialProcess));
send({ kind: 'ready' });
