import { type ChildProcess, fork } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { messageOf } from '../../core/errors.ts';
import { sleep } from '../../platform/async.ts';
import { type BackendName, backendNames } from './backend.ts';
import { type ProbeMessage, probeMessageSchema } from './probe-report.ts';

/** What a backend can do on this machine. Rates are 0 where it does not work. */
export interface BackendReport {
  readonly name: BackendName;
  readonly works: boolean;
  /** Version of the package that computes; empty where it does not work. */
  readonly version: string;
  /** What computes, in words; empty where it does not work. */
  readonly device: string;
  /** A small CNN trained and its loss fell. */
  readonly trainsConv: boolean;
  /** 10^9 floating-point operations a second, for matrix products and for 3x3 convolutions. */
  readonly matmulGflops: number;
  readonly convForwardGflops: number;
  /** Images a second of training a small CNN at 28x28. */
  readonly convTrainImagesPerSec: number;
  /** Why it does not work, and what to do about it; null where it works. */
  readonly problem: string | null;
}

/** The machine that the reports are about. */
export interface HostFacts {
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
}

export interface ProbeOptions {
  /** @default all, in the order in which `auto` tries them */
  readonly names?: readonly BackendName[];
  /** Longest time for one backend, milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** The program that tries one backend. @default dist/worker/tf/probe-process.js */
  readonly program?: URL;
}

/** What to do where a backend does not work. */
const advice: Readonly<Record<BackendName, string>> = {
  'tfjs-node-gpu':
    'needs an NVIDIA GPU with CUDA, and `npm install @tensorflow/tfjs-node-gpu`, whose install script fetches ' +
    'TensorFlow, or `npm run native` with one that is there (docs/backends.md)',
  webgpu:
    "needs a GPU and its Vulkan, Metal or Direct3D 12 driver (on Linux libvulkan1 and the GPU's own driver), and the " +
    'binary that the install script of the package `webgpu` puts there',
  'tfjs-node':
    'optional: `npm install @tensorflow/tfjs-node`, whose install script fetches TensorFlow, or `npm run native` with ' +
    'one that is there (docs/backends.md)',
  wasm: 'comes with this program: `npm ci` puts it back',
  cpu: 'comes with this program: `npm ci` puts it back',
};

/**
 * Tries every backend, one after another so that they do not slow each other down, each in a process of its own: one
 * that crashes or hangs is a result. Takes about two seconds for each that works. Never rejects for a backend's sake.
 */
export async function probeBackends(options: ProbeOptions = {}): Promise<readonly BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const name of options.names ?? backendNames) reports.push(await probeBackend(name, options));
  return reports;
}

export function describeHostFacts(): HostFacts {
  const processors = cpus();
  return {
    cpuModel: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

async function probeBackend(name: BackendName, options: ProbeOptions): Promise<BackendReport> {
  const { timeoutMs = 60_000, program = new URL('./probe-process.js', import.meta.url) } = options;
  const child = fork(program, [name], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const over = new AbortController();
  const message = await Promise.race([
    outcomeOf(child),
    sleep(timeoutMs, over.signal).then(() => fails(`no answer within ${timeoutMs / 1000} s`)),
  ]);
  over.abort();
  child.kill('SIGKILL');
  return toReport(name, message);
}

/** What the process says, or how it ended where it said nothing. */
function outcomeOf(child: ChildProcess): Promise<ProbeMessage> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-1000);
  });
  return new Promise((resolve) => {
    child.once('message', (message) => {
      const parsed = probeMessageSchema.safeParse(message);
      resolve(parsed.success ? parsed.data : fails('the probe answered with something else than a report'));
    });
    child.once('error', (error) => resolve(fails(`the probe could not be started: ${messageOf(error)}`)));
    child.once('close', (code, signal) => {
      const lastLine = stderr.trim().split('\n').at(-1) ?? '';
      const ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
      resolve(fails(`its process crashed with ${ending}${lastLine === '' ? '' : `: ${lastLine}`}`));
    });
  });
}

function fails(reason: string): ProbeMessage {
  return { outcome: 'fails', reason };
}

function toReport(name: BackendName, message: ProbeMessage): BackendReport {
  if (message.outcome === 'works') {
    const { outcome: _, ...measured } = message;
    return { name, works: true, ...measured, problem: null };
  }
  return {
    name,
    works: false,
    version: '',
    device: '',
    trainsConv: false,
    matmulGflops: 0,
    convForwardGflops: 0,
    convTrainImagesPerSec: 0,
    problem: `${message.reason}; ${advice[name]}`,
  };
}
