import { type ArgsDef, type ParsedArgs, parseArgs } from 'citty';
import { AbkdError, messageOf } from '../core/errors.ts';
import type { CliConfig } from './config.ts';
import { suggestionFor } from './suggest.ts';
import type { Terminal } from './terminal.ts';

/** What the program's end tells its caller. */
export const ExitCode = {
  OK: 0,
  /** The request was refused or something broke. */
  ERROR: 1,
  /** Unknown command or option, impossible value or setting. */
  USAGE: 2,
  /** The sweep ended FAILED or CANCELLED. */
  SWEEP_FAILED: 3,
  /** The coordinator cannot be reached. */
  UNREACHABLE: 4,
  /** Stopped by the user before it was through. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface CommandContext<Args extends ArgsDef> {
  readonly args: ParsedArgs<Args>;
  readonly config: CliConfig;
  readonly terminal: Terminal;
}

/** One command of the program. */
export interface Command<Args extends ArgsDef = ArgsDef> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Further lines for its own help. */
  readonly details?: readonly string[];
  /** Calls with what they do. */
  readonly examples: readonly (readonly [call: string, meaning: string])[];
  readonly args: Args;
  run(context: CommandContext<Args>): Promise<ExitCode>;
}

/** A command whose arguments' types are known to its `run` alone. */
export interface RunnableCommand extends Omit<Command, 'run'> {
  /** @throws {AbkdError} BAD_CONFIG for arguments that the command does not have */
  start(rawArgs: readonly string[], config: CliConfig, terminal: Terminal): Promise<ExitCode>;
}

export function defineCommand<const Args extends ArgsDef>(command: Command<Args>): RunnableCommand {
  const { run, ...description } = command;
  return {
    ...description,
    start: (rawArgs, config, terminal) => run({ args: readArgs(command, rawArgs), config, terminal }),
  };
}

function readArgs<Args extends ArgsDef>(command: Command<Args>, rawArgs: readonly string[]): ParsedArgs<Args> {
  const parsed = parseKnown(command, rawArgs);
  const definitions: ArgsDef = command.args;
  const flags = Object.keys(definitions).filter((name) => definitions[name]!.type !== 'positional');
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '_') continue;
    const definition = definitions[name] ?? definitions[name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)];
    if (definition === undefined)
      throw usageError(command.name, `unknown option --${name}`, suggestionFor(name, flags));
    if (definition.type === 'string' && value === '') throw usageError(command.name, `--${name} needs a value`);
  }
  const positionals = Object.values(definitions).filter(({ type }) => type === 'positional').length;
  const surplus = parsed._[positionals];
  if (surplus !== undefined) throw usageError(command.name, `unexpected argument "${surplus}"`);
  return parsed;
}

function parseKnown<Args extends ArgsDef>(command: Command<Args>, rawArgs: readonly string[]): ParsedArgs<Args> {
  try {
    return parseArgs<Args>([...rawArgs], command.args);
  } catch (error) {
    const { message } = error as Error;
    const missing = /^Missing required positional argument: (.*)$/.exec(message)?.[1];
    throw usageError(command.name, missing === undefined ? messageOf(error) : `${missing} is missing`);
  }
}

/** An error of the caller: ends with code 2 and points to the help. */
export function usageError(command: string, problem: string, suggestion?: string | undefined): AbkdError {
  const meant = suggestion === undefined ? '' : `; did you mean --${suggestion}?`;
  return new AbkdError('BAD_CONFIG', `Cannot run ${command}: ${problem}${meant} (see ${command} --help)`);
}

/** Reads a whole number from an option. @throws {AbkdError} BAD_CONFIG */
export function readWhole(
  command: string,
  option: string,
  text: string | undefined,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw usageError(command, `--${option} is "${text}", expected a whole number from ${range.min} to ${range.max}`);
}
