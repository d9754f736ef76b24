import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { Bench, BenchOptions, OptionName } from './bench.ts';
import { installedPython } from './peers.ts';

/** What `npm run -s bench -- …` was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly name: string; readonly options: BenchOptions; readonly json: boolean };

const optionTypes = {
  help: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  kernels: { type: 'boolean', default: false },
  backend: { type: 'string' },
  model: { type: 'string' },
  peer: { type: 'string' },
  python: { type: 'string' },
  function: { type: 'string' },
  strategy: { type: 'string' },
  seeds: { type: 'string' },
} as const;

/** Of every bench. */
const shared = ['help', 'json'];

export const help = (benches: ReadonlyMap<string, Bench>) => `Usage: npm run -s bench -- NAME [options]

${[...benches].map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`).join('\n')}

  --quick           few repetitions: a look at the order of magnitude
  --json            one JSON object { bench, at, machine, rows } on standard output and nothing else
  --backend NAMES   auto (default), all that work here, or names with commas: wasm,tfjs-node
  --model NAMES     networks with commas: resnet20,vgg8
  --peer NAME       does the same work, alternating with ours: ${peersOf(benches)};
                    \`npm run bench:peers\` installs it
  --python PATH     a Python that has the peer's packages, instead of the installed one
  --kernels         adds the part of the time that each kernel took
  --function NAMES  problems to be searched, with commas: branin,hartmann6
  --strategy NAMES  strategies with commas, the peer's too: gp,optuna-gp
  --seeds N         searches of each strategy on each problem (20)

bench/README.md says what the fields mean.
`;

/** `torch (train-step)`: every peer with the benches that it has a part in. */
function peersOf(benches: ReadonlyMap<string, Bench>): string {
  const names = [...new Set([...benches.values()].flatMap(({ peers }) => peers))];
  const benchesOf = (peer: string) => [...benches].flatMap(([name, { peers }]) => (peers.includes(peer) ? [name] : []));
  return names.map((peer) => `${peer} (${benchesOf(peer).join(', ')})`).join(', ');
}

/**
 * Reads the arguments of the command.
 * @throws {Error} naming the argument and what is allowed
 */
export function readCommandLine(args: readonly string[], benches: ReadonlyMap<string, Bench>): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  const name = positionals.join(' ');
  const bench = benches.get(name);
  if (bench === undefined) {
    throw new Error(`Cannot run bench "${name}": unknown, expected one of ${[...benches.keys()].join(', ')}`);
  }
  assertTaken(name, bench, args);
  const { quick, kernels, json, python, peer = null } = values;
  if (peer !== null && !bench.peers.includes(peer)) {
    throw new Error(`Cannot measure peer "${peer}": unknown to ${name}, expected ${bench.peers.join(' or ')}`);
  }
  const backends = namesOf('backend', values.backend) ?? ['auto'];
  const models = namesOf('model', values.model);
  const functions = namesOf('function', values.function);
  const strategies = namesOf('strategy', values.strategy);
  const seeds = countOf('seeds', values.seeds);
  return {
    kind: 'run',
    name,
    json,
    options: {
      quick,
      kernels,
      peer,
      backends,
      models,
      functions,
      strategies,
      seeds,
      python: python ?? installedPython,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTypes, allowPositionals: true });
  } catch (error) {
    throw new Error(`Cannot read the options: ${messageOf(error)}; --help lists them`, { cause: error });
  }
}

function assertTaken(name: string, bench: Bench, args: readonly string[]): void {
  const { tokens } = parseArgs({ args: [...args], options: optionTypes, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || shared.includes(token.name)) continue;
    if (bench.options.includes(token.name as OptionName)) continue;
    const taken = bench.options.map((option) => `--${option}`).join(', ');
    throw new Error(`Cannot run bench ${name} with ${token.rawName}: expected ${taken} or --json`);
  }
}

function namesOf(option: string, text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new Error(`Cannot use --${option} "${text}": expected names with commas between them`);
  return [...new Set(names)];
}

function countOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new Error(`Cannot use --${option} "${text}": expected a whole number from 1 to 99999`);
}
