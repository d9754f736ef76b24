import type { ArgsDef } from 'citty';
import type { RunnableCommand } from './command.ts';
import type { CommandEntry } from './commands/registry.ts';
import { displayWidth } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Help of the whole program. */
export function programHelp(commands: readonly CommandEntry[], program: string, terminal: Terminal): string {
  const title = (text: string) => terminal.style('bold', text);
  return [
    'abkd: which (α, β) of the alpha-beta divergence distils best, on which dataset, how sure is that',
    '',
    title('Usage'),
    `  ${program} COMMAND [OPTIONS]      ${program} COMMAND --help`,
    '',
    title('Commands'),
    ...pairs(commands.map(({ name, summary }) => [name, summary])),
    '',
    title('Everywhere'),
    ...pairs([
      ['--help, -h', 'what a command does, with examples'],
      ['--version, -v', 'version of this program'],
      ['--json', 'for commands that read: one JSON document on standard output, nothing else'],
    ]),
    '',
    title('Environment'),
    ...pairs([
      ['ABKD_URL', 'coordinator to talk to (default: the one that `up` runs in ABKD_HOME, else http://127.0.0.1:8080)'],
      ['ABKD_HOME', 'folder with the state of `up` (default ./.abkd)'],
      ['ABKD_LOG_LEVEL', 'debug shows stack traces'],
      ['NO_COLOR', 'set: no colours'],
    ]),
    '',
    title('Exit codes'),
    ...pairs([
      ['0', 'done'],
      ['1', 'refused or broken'],
      ['2', 'unknown command or option, impossible value or setting'],
      ['3', 'the watched sweep ended FAILED or CANCELLED'],
      ['4', 'no coordinator can be reached'],
      ['130', 'interrupted before it was through'],
    ]),
    '',
    'IDs may be shortened to a beginning that only one sweep has; `latest` is the newest sweep.',
  ].join('\n');
}

/** Help of one command. */
export function commandHelp(command: RunnableCommand, program: string, terminal: Terminal): string {
  const title = (text: string) => terminal.style('bold', text);
  const args: ArgsDef = command.args;
  const positionals = Object.entries(args).filter(([, { type }]) => type === 'positional');
  const options = Object.entries(args).filter(([, { type }]) => type !== 'positional');
  const usage = [
    `${program} ${command.name}`,
    ...positionals.map(([name, { required }]) => (required === false ? `[${name.toUpperCase()}]` : name.toUpperCase())),
    ...(options.length > 0 ? ['[OPTIONS]'] : []),
  ].join(' ');
  const described = [
    ...positionals.map(([name, { description }]) => [name.toUpperCase(), description ?? ''] as const),
    ...options.map(([name, definition]) => [flagText(name, definition), definition.description ?? ''] as const),
  ];
  return [
    command.summary,
    ...(command.details === undefined ? [] : ['', ...command.details]),
    '',
    title('Usage'),
    `  ${usage}`,
    ...(described.length > 0 ? ['', title('Arguments'), ...pairs(described)] : []),
    '',
    title('Examples'),
    ...command.examples.flatMap(([call, meaning]) => [`  ${program} ${call}`, `      ${meaning}`]),
  ].join('\n');
}

function flagText(name: string, definition: ArgsDef[string]): string {
  const hint = 'valueHint' in definition ? definition.valueHint : undefined;
  return definition.type === 'boolean' ? `--${name}` : `--${name} ${hint ?? 'TEXT'}`;
}

function pairs(lines: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...lines.map(([left]) => displayWidth(left)));
  return lines.map(([left, right]) => `  ${left}${' '.repeat(width - displayWidth(left))}  ${right}`.trimEnd());
}
