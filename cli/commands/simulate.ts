import { AbkdError } from '../../core/errors.ts';
import type { Blackbox } from '../../core/simulate/blackbox.ts';
import { blackboxOfProblem } from '../../core/simulate/problem-blackbox.ts';
import { findProblem, problemForms } from '../../core/simulate/registry.ts';
import { runSearch, type SpecSearch, searchesOf } from '../../core/simulate/spec-searches.ts';
import { blackboxOfTable } from '../../core/simulate/table-blackbox.ts';
import { readTrialTable } from '../../core/simulate/trial-table.ts';
import { parseSpec } from '../../core/spec/parse.ts';
import type { SweepSpec } from '../../core/spec/schema.ts';
import { defineCommand, ExitCode, readWhole, usageError } from '../command.ts';
import { contentTypeOf, readNamedFile } from '../named-file.ts';
import { renderSimulation, type SimulatedSearch } from '../simulation-text.ts';
import { withLines } from '../spec-lines.ts';

const name = 'simulate';

/** What counts as found in a table: a tenth of a point of accuracy. */
const tableTolerance = 0.1;

export const simulate = defineCommand({
  name,
  summary: 'try the search of a spec without training, on a table of results or a test function',
  details: [
    'Runs the same code as a coordinator in virtual time: no coordinator, no worker, nothing stored. All trials take equally',
    'long. What a trial would give comes from a table (CSV with the parameters and value, where there are several also',
    'replicate and epoch; or the same as a JSON array) or from a function, whose ranges are stretched to those of the spec:',
    `${problemForms.join(', ')}. Greater is better. docs/simulate.md says more.`,
  ],
  examples: [
    ['simulate sweep.yaml --function abSurface:7 --workers 8', 'the search on a made-up accuracy surface'],
    ['simulate sweep.yaml --function branin --seeds 20', '20 searches under other seeds: medians and quartiles'],
    ['simulate sweep.yaml --table results.csv --json', 'on results of your own, every point and event'],
  ],
  args: {
    spec: { type: 'positional', required: true, description: 'YAML or JSON file, or - for standard input' },
    table: { type: 'string', valueHint: 'FILE', description: 'results of trials: .json, else CSV' },
    function: { type: 'string', valueHint: 'NAME', description: 'a function whose best point is known' },
    workers: { type: 'string', valueHint: 'N', description: 'trials that run at once (default 8)' },
    seeds: { type: 'string', valueHint: 'K', description: 'searches, each under a seed of its own (default 1)' },
    objective: { type: 'string', valueHint: 'KIND', description: 'only this objective of the spec' },
    nearest: { type: 'boolean', description: 'a cell that the table lacks has the values of the nearest one' },
    tolerance: {
      type: 'string',
      valueHint: 'X',
      description: `distance from the best that counts as found (default ${tableTolerance}, or the function's own)`,
    },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, terminal }) => {
    const workers = readWhole(name, 'workers', args.workers, { min: 1, max: 100_000 }) ?? 8;
    const seeds = readWhole(name, 'seeds', args.seeds, { min: 1, max: 10_000 }) ?? 1;
    const openBlackbox = await readBlackbox(args);
    const spec = await readSpec(args.spec);
    const searches = searchesOf(spec);
    const chosen = searches.filter(({ objective }) => objective === (args.objective ?? objective));
    if (chosen.length === 0) throw nothingToSearch(searches, args.objective);
    if (spec.tasks.length > 1) {
      terminal.note(`The spec has ${spec.tasks.length} tasks, which are searched alike: simulated for the first one`);
    }
    for (const warning of chosen.flatMap(({ warnings }) => warnings)) terminal.note(`Warning: ${warning}`);
    const simulated = chosen.map((search): SimulatedSearch => {
      const place = searches.indexOf(search);
      const blackbox = openBlackbox(search);
      const outcomes = Array.from({ length: seeds }, (_, run) =>
        runSearch(searchesOf(spec, (spec.search.seed + run) >>> 0)[place]!, blackbox, workers, run),
      );
      return { search, blackbox, workers, outcomes };
    });
    if (args.json) terminal.print(JSON.stringify(toJson(simulated), null, 2));
    else terminal.print(simulated.map((each) => renderSimulation(each, terminal).join('\n')).join('\n\n'));
    return ExitCode.OK;
  },
});

type OpenBlackbox = (search: SpecSearch) => Blackbox;

/** What trials give, once it is known what is searched. */
async function readBlackbox(args: {
  readonly table?: string | undefined;
  readonly function?: string | undefined;
  readonly nearest?: boolean | undefined;
  readonly tolerance?: string | undefined;
}): Promise<OpenBlackbox> {
  const tolerance = readTolerance(args.tolerance);
  if ((args.table === undefined) === (args.function === undefined)) {
    throw usageError(name, 'expected either --table FILE or --function NAME');
  }
  if (args.table !== undefined) {
    const file = args.table;
    const table = readTrialTable(await readNamedFile(file, 'table'), file.endsWith('.json') ? 'json' : 'csv');
    return ({ plan, start, seeds }) =>
      blackboxOfTable(table, plan.space, {
        ...{ replicates: seeds, nearest: args.nearest === true, tolerance: tolerance ?? tableTolerance },
        others: start.filter(({ inSpace }) => !inSpace).map(({ params }) => params),
      });
  }
  if (args.nearest) throw usageError(name, '--nearest is for a table, and a function knows every point');
  const problem = findProblem(args.function!);
  if (problem === null) {
    throw usageError(name, `--function is "${args.function}", expected one of ${problemForms.join(', ')}`);
  }
  const judged = tolerance === undefined ? problem : { ...problem, tolerance };
  return ({ plan }) => blackboxOfProblem(judged, plan.space);
}

function readTolerance(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw usageError(name, `--tolerance is "${text}", expected a number from 0`);
}

async function readSpec(file: string): Promise<SweepSpec> {
  const document = await readNamedFile(file, 'spec');
  try {
    return parseSpec(document, contentTypeOf(file, document));
  } catch (error) {
    throw withLines(error, document);
  }
}

function nothingToSearch(searches: readonly SpecSearch[], objective: string | undefined): AbkdError {
  const kinds = [...new Set(searches.map((search) => search.objective))].join(', ');
  if (kinds === '') {
    return new AbkdError('BAD_CONFIG', 'Cannot simulate the spec: no objective has two or more cells to search');
  }
  return usageError(name, `--objective is "${objective}", expected one that the spec searches: ${kinds}`);
}

function toJson(simulated: readonly SimulatedSearch[]) {
  return simulated.map(({ search, blackbox, workers, outcomes }) => ({
    objective: search.objective,
    method: search.plan.method,
    replicates: search.plan.replicates,
    workers,
    optimum: blackbox.optimum,
    tolerance: blackbox.tolerance,
    searches: outcomes.map(({ simulation, ...outcome }) => ({
      ...outcome,
      trials: simulation.progress.length,
      ...simulation,
    })),
  }));
}
