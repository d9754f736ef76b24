import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled program. */
export const cliPath = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../cli/main.js' : '../../dist/cli/main.js', import.meta.url),
);

/** Runs one command of the compiled program to its end, with no ABKD_ setting but those of `env`. */
export async function runCli(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string; readonly cwd?: string } = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [cliPath, ...args], {
    env: { ...withoutSettings(process.env), ...options.env },
    cwd: options.cwd ?? tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    // The program may end without reading its input.
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** A new folder below the system's temporary one. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'abkd-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A sweep that trains nothing: ten trials, namely a 2 x 2 grid with the landmarks on it and a baseline, with two seeds each. */
export function noopSpec(options: {
  readonly durationMs: number;
  readonly failure?: string;
  readonly name?: string;
}): string {
  return `
name: ${options.name ?? 'noop'}
tasks:
  - dataset: mnist
    teacher: { model: cnn-m }
    student: { model: cnn-s }
objectives:
  - { kind: abkd }
  - { kind: kd }
search:
  method: grid
  space:
    alpha: { min: 0, max: 1, step: 1 }
    beta: { min: 0, max: 1, step: 1 }
  include: [fkl, rkl]
  seed: 3
replicates: 2
limits: { retries: 0 }
run: { kind: noop, durationMs: ${options.durationMs}, steps: 2, failure: ${options.failure ?? 'none'} }
`;
}

/** The environment without what would change a program's behaviour. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(ABKD_|npm_|DATABASE_URL$|NATS_URL$|NODE_OPTIONS$|VITEST|NO_COLOR$)/.test(name),
    ),
  );
}
