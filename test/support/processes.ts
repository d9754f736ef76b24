/** Real programs of dist/ as child processes of a test: start, wait for a line, end by id, prove that nothing is left. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  /** Lines of standard output and standard error so far. */
  readonly output: readonly string[];
  readonly ended: Promise<ProgramEnd>;
  kill(signal: NodeJS.Signals): void;
  /** The first line, past or to come, that matches; rejects when the program ends without it. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface Programs {
  /** Starts `node dist/<path> ...args` with an environment of its own: no ABKD_ setting is inherited. */
  start(path: string, args: readonly string[], env?: Readonly<Record<string, string>>): Program;
  /** Kills what still runs, with its children. */
  killAll(): Promise<void>;
}

const dist = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../../' : '../../dist/', import.meta.url));

export function createPrograms(): Programs {
  const started: Program[] = [];
  return {
    start: (path, args, env = {}) => {
      const child = spawn(process.execPath, [`${dist}${path}`, ...args], {
        env: { ...inheritedEnv(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const program = watchProgram(child);
      started.push(program);
      return program;
    },
    killAll: async () => {
      for (const program of started.splice(0)) {
        const children = await findDescendants(program.pid);
        program.kill('SIGCONT');
        program.kill('SIGKILL');
        await program.ended;
        for (const pid of children) signalIfRunning(pid, 'SIGKILL');
        await eventually(async () => assertGone(children), { timeoutMs: 5_000 });
      }
    },
  };
}

/** Ids of the direct and indirect children of a process, from /proc. */
export async function findDescendants(pid: number): Promise<readonly number[]> {
  const parents = await readParents();
  const found: number[] = [];
  for (const queue = [pid]; queue.length > 0; ) {
    const parent = queue.pop()!;
    const children = [...parents].filter(([, parentOf]) => parentOf === parent).map(([child]) => child);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

/** @throws where one of the processes still runs */
export async function assertGone(pids: readonly number[]): Promise<void> {
  const parents = await readParents();
  const left = pids.filter((pid) => parents.has(pid));
  if (left.length > 0) throw new Error(`Processes still run: ${left.join(', ')}`);
}

function signalIfRunning(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Parent of every running process; zombies are no longer running. */
async function readParents(): Promise<ReadonlyMap<number, number>> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === undefined || state === '' || state === 'Z' ? null : ([pid, Number(parent)] as const);
    }),
  );
  return new Map(entries.filter((entry) => entry !== null));
}

function inheritedEnv(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(ABKD_|DATABASE_URL$|NATS_URL$|NODE_OPTIONS$|VITEST)/.test(name),
  );
  return Object.fromEntries(own);
}

function watchProgram(child: ChildProcess): Program {
  const output: string[] = [];
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', reject);
  });
  const lines: ((line: string) => void)[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      for (const seen of lines) seen(line);
    });
  }
  return {
    pid: child.pid!,
    output,
    ended,
    kill: (signal) => void child.kill(signal),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (line: string) => {
          const match = line.match(pattern);
          if (match !== null) resolve(match);
        };
        output.forEach(look);
        lines.push(look);
        void ended.then(({ code, signal }) =>
          reject(new Error(`Ended with ${signal ?? code} before ${pattern}:\n${output.slice(-20).join('\n')}`)),
        );
      }),
  };
}
