import type { TrialFailure } from '../core/trial.ts';

/** How a child process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last lines that it wrote to standard error. */
  readonly stderr: string;
}

/** Lines of standard error that go into a failure's message. */
const shownLines = 8;

/**
 * The named failure of a trial whose process ended by itself, before it could say why.
 * V8 prints "heap out of memory" and aborts; the system's out-of-memory killer sends SIGKILL, which nobody else here
 * does without saying so.
 */
export function failureOfProcessEnd(end: ProcessEnd): TrialFailure {
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  const lines = end.stderr.trim().split('\n');
  if (/heap out of memory|Allocation failed/.test(end.stderr)) {
    const fatal = lines.find((line) => /out of memory|Allocation failed/.test(line)) ?? '';
    return { kind: 'OUT_OF_MEMORY', message: `The trial process ran out of memory (${how}): ${fatal.trim()}` };
  }
  if (end.signal === 'SIGKILL') {
    return {
      kind: 'OUT_OF_MEMORY',
      message: 'The trial process was killed (SIGKILL), as the system does when memory runs out',
    };
  }
  const tail = lines.slice(-shownLines).join('\n');
  return { kind: 'CRASH', message: `The trial process ended with ${how}${tail === '' ? '' : `: ${tail}`}` };
}
