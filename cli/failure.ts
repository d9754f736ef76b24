import { AbkdError, messageOf, type Problem } from '../core/errors.ts';
import { ExitCode } from './command.ts';
import type { CliConfig } from './config.ts';
import type { Terminal } from './terminal.ts';

/** Says what went wrong on standard error and gives the code to end with. */
export function reportFailure(error: unknown, config: CliConfig | null, terminal: Terminal): ExitCode {
  terminal.note(`${terminal.style('red', 'abkd:')} ${messageOf(error)}`);
  if (error instanceof AbkdError) {
    for (const line of problemLines(error.details.problems ?? [])) terminal.note(line);
    if (config !== null && 'unreachable' in error.details) {
      terminal.note(
        `Start one here with \`${config.program} up\`, or name the one you have: ABKD_URL=http://HOST:PORT`,
      );
    }
  }
  if (config?.debug && error instanceof Error) terminal.note(stackOf(error));
  return exitCodeOf(error);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return (error.stack ?? error.message) + cause;
}

/** Problems of a document, paths aligned; those of the whole document have no path. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const width = Math.min(48, Math.max(0, ...problems.map(({ path }) => path.length)));
  return problems.map(({ path, message }) => `  ${path.padEnd(width)}  ${message}`);
}

function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AbkdError)) return ExitCode.ERROR;
  if (error.code === 'BAD_CONFIG') return ExitCode.USAGE;
  return error.code === 'UNAVAILABLE' ? ExitCode.UNREACHABLE : ExitCode.ERROR;
}
