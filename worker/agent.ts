/**
 * The agent of a host: joins the connection, the attempts and the slots. It never computes and never blocks, so that
 * leases are renewed whatever the trials do.
 *
 * ATTACHED / AWAY (running trials go on in both) -> LEAVING (no new trials) -> gone
 */
import type { AttemptKey } from '../core/attempt.ts';
import { messageOf } from '../core/errors.ts';
import type { WorkerHello } from '../core/worker.ts';
import { sleep } from '../platform/async.ts';
import type { Logger } from '../platform/logger.ts';
import { assignmentFromWire } from '../proto/codec/assignment.ts';
import { attemptFromWire, wantedFromWire } from '../proto/codec/attempt.ts';
import { helloToWire, type KernelProofValues } from '../proto/codec/hello.ts';
import type { Assign } from '../proto/gen/abkd/v1/worker.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { CacheFolder } from './cache-folder.ts';
import { createCheckpoints, lastUploadMs } from './checkpoints.ts';
import type { WorkerConfig } from './config.ts';
import { keepConnected } from './connection.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { type IncomingMessage, openSession, type Session } from './session.ts';
import { createSharedFiles } from './shared-files.ts';
import { createSlots, type Slots } from './slots.ts';
import { trialSettings } from './trial-process.ts';

export interface AgentOptions {
  readonly config: WorkerConfig;
  readonly worker: WorkerHello;
  readonly proof: KernelProofValues;
  readonly cache: CacheFolder;
  readonly random: () => number;
  readonly log: Logger;
  /** Called when a coordinator has welcomed the worker, each time. */
  readonly onAttached: (address: string) => void;
}

/** How long a leaving worker waits for its last reports to be acknowledged, milliseconds. */
const farewellMs = 5_000;

interface Agent {
  readonly options: AgentOptions;
  readonly reporter: Reporter;
  readonly slots: Slots;
  readonly attempts: Attempts;
  /** Aborts when nothing is left to say. */
  readonly disconnect: AbortController;
  session: Session | null;
  leaving: boolean;
}

/**
 * Serves coordinators until `signal` aborts (running trials are stopped and go back to the queue) or a coordinator
 * asks the worker to drain (running trials end first). Leaves no process behind.
 * @throws {AbkdError} WORKER_REFUSED, UNAVAILABLE (`giveUpMs`)
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const agent = createAgent(options);
  const stop = () => leave(agent, 'stop');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await keepConnected({
      addresses: options.config.coordinators,
      open: (address) => dial(agent, address),
      onSession: (session) => greet(agent, session),
      onLost: () => {
        agent.session = null;
        agent.reporter.disconnect();
      },
      giveUpMs: options.config.giveUpMs,
      random: options.random,
      signal: agent.disconnect.signal,
      log: options.log,
    });
  } finally {
    signal.removeEventListener('abort', stop);
    agent.disconnect.abort();
    await agent.slots.close();
  }
}

function createAgent(options: AgentOptions): Agent {
  const { config, worker, cache, log } = options;
  const reporter = createReporter();
  const slots = createSlots({
    count: config.slots,
    limits: config.limits,
    settings: { ...trialSettings(config, cache), backend: worker.backend },
    log,
    onFree: () => offerSlots(agent),
  });
  const sharedFile = createSharedFiles({
    cache,
    workerId: worker.id,
    artifacts: () => agent.session?.artifacts ?? null,
    log,
  });
  const checkpoints = createCheckpoints({
    ...{ cache, log },
    connection: () => agent.session?.checkpoints ?? null,
    reported: reporter.delivered,
  });
  const attempts = createAttempts({
    ...{ slots, reporter, checkpoints, sharedFile, log },
    onChange: () => leaveWhenDone(agent),
  });
  const disconnect = new AbortController();
  const agent: Agent = { options, reporter, slots, attempts, disconnect, session: null, leaving: false };
  return agent;
}

function dial(agent: Agent, address: string): Promise<Session> {
  const { attempts, options, disconnect } = agent;
  return openSession({
    address,
    hello: helloToWire(options.worker, options.proof, attempts.held()),
    held: attempts.held,
    receive: (message) => receive(agent, message),
    signal: disconnect.signal,
  });
}

function greet(agent: Agent, session: Session): void {
  agent.session = session;
  session.welcome.held.map(wantedFromWire).forEach(agent.attempts.follow);
  agent.reporter.connect(session.send);
  if (agent.leaving) session.send({ $case: 'draining', value: {} });
  offerSlots(agent);
  agent.options.onAttached(session.address);
}

function receive(agent: Agent, message: IncomingMessage): void {
  switch (message.$case) {
    case 'assign':
      startAssigned(agent, message.value);
      break;
    case 'wanted':
      message.value.attempts.map(wantedFromWire).forEach(agent.attempts.follow);
      break;
    case 'ack': {
      const reported = agent.reporter.acknowledge(message.value.sequence);
      if (reported !== null) agent.attempts.acknowledged(reported, message.value.accepted);
      leaveWhenDone(agent);
      break;
    }
    case 'drain':
      leave(agent, 'finish');
      break;
  }
}

function startAssigned({ attempts, options }: Agent, assign: Assign): void {
  let key: AttemptKey | null = null;
  try {
    key = attemptFromWire(assign.attempt);
    attempts.start(assignmentFromWire(assign));
  } catch (error) {
    options.log.error({ assign: assign.attempt, reason: messageOf(error) }, 'assignment cannot be run');
    if (key !== null) attempts.refuse(key, messageOf(error));
  }
}

function offerSlots({ leaving, session, slots }: Agent): void {
  if (!leaving) session?.send({ $case: 'ready', value: { freeSlots: slots.free() } });
}

function leave(agent: Agent, how: 'stop' | 'finish'): void {
  const { options, attempts, session, disconnect } = agent;
  if (!agent.leaving) options.log.info({ running: attempts.running() }, 'leaving');
  agent.leaving = true;
  session?.send({ $case: 'draining', value: {} });
  attempts.leave(how);
  if (how === 'stop') {
    const limitMs = options.config.limits.stopGraceMs + lastUploadMs + farewellMs;
    void sleep(limitMs, disconnect.signal).then(() => disconnect.abort());
  }
  leaveWhenDone(agent);
}

function leaveWhenDone({ leaving, attempts, reporter, disconnect }: Agent): void {
  if (leaving && attempts.running() === 0 && reporter.open() === 0) disconnect.abort();
}
