#!/usr/bin/env node
import { AbkdError } from '../core/errors.ts';
import { packageVersion } from '../platform/version.ts';
import { ExitCode } from './command.ts';
import { commands } from './commands/registry.ts';
import { type CliConfig, readCliConfig } from './config.ts';
import { reportFailure } from './failure.ts';
import { commandHelp, programHelp } from './help.ts';
import { suggestionFor } from './suggest.ts';
import { createTerminal, endQuietlyOnClosedPipe, type Terminal } from './terminal.ts';

endQuietlyOnClosedPipe();
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<ExitCode> {
  let config: CliConfig | null = null;
  let terminal: Terminal = createTerminal({ plain: true });
  try {
    config = readCliConfig();
    terminal = createTerminal(config);
    return await dispatch(argv, config, terminal);
  } catch (error) {
    return reportFailure(error, config, terminal);
  }
}

async function dispatch(argv: readonly string[], config: CliConfig, terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = argv;
  if (name === undefined || isHelp(name)) {
    const about = rest[0] === undefined ? undefined : commands.find((each) => each.name === rest[0]);
    if (about !== undefined) return dispatch([about.name, '--help'], config, terminal);
    terminal.print(programHelp(commands, config.program, terminal));
    return name === undefined ? ExitCode.USAGE : ExitCode.OK;
  }
  if (name === '--version' || name === '-v') {
    terminal.print(packageVersion);
    return ExitCode.OK;
  }
  const entry = commands.find((each) => each.name === name);
  if (entry === undefined) throw unknownCommand(name, config.program);
  const command = await entry.load();
  if (!rest.some((arg) => arg === '--help' || arg === '-h')) return command.start(rest, config, terminal);
  terminal.print(commandHelp(command, config.program, terminal));
  return ExitCode.OK;
}

function isHelp(name: string): boolean {
  return name === 'help' || name === '--help' || name === '-h';
}

function unknownCommand(name: string, program: string): AbkdError {
  const meant = suggestionFor(
    name,
    commands.map((each) => each.name),
  );
  const hint = meant === undefined ? `see ${program} --help` : `did you mean ${meant}?`;
  return new AbkdError('BAD_CONFIG', `Cannot run "${name}": there is no such command; ${hint}`);
}
