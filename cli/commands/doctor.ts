import { resolve } from 'node:path';
import { findPostgresBinaries } from '../../coordinator/embedded/postgres-binaries.ts';
import { messageOf } from '../../core/errors.ts';
import { packageVersion } from '../../platform/version.ts';
import { locateDatasets } from '../../worker/data/registry.ts';
import { type BackendReport, describeHostFacts, type HostFacts, probeBackends } from '../../worker/tf/probe.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { renderTable, wrapText } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'what this machine can run, and why not the rest',
  details: [
    'Tries every backend in a process of its own (about two seconds for each that works) and looks for datasets and for',
    'the PostgreSQL that `up` starts. Rates: GFLOP/s of matrix products and 3x3 convolutions, images/s of training a small',
    'CNN at 28x28 pixels. Ends with code 1 where no backend can train or `up` could not start.',
  ],
  examples: [
    ['doctor', 'a report'],
    ['doctor --data-dir /data --json', 'one JSON document'],
  ],
  args: {
    'data-dir': {
      type: 'string',
      valueHint: 'DIR',
      description: 'datasets, a folder each (ABKD_DATA_DIR, default ./data)',
    },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const dataDir = resolve(args['data-dir'] ?? config.dataDir);
    if (!args.json) terminal.note('Trying the backends ...');
    const report: Report = {
      version: packageVersion,
      host: describeHostFacts(),
      backends: await probeBackends(),
      postgres: await checkPostgres(),
      dataDir,
      datasets: await locateDatasets(dataDir),
    };
    terminal.print(args.json ? JSON.stringify(report, null, 2) : renderReport(report, terminal).join('\n'));
    const canTrain = report.backends.some(({ works, trainsConv }) => works && trainsConv);
    return canTrain && report.postgres.problem === null ? ExitCode.OK : ExitCode.ERROR;
  },
});

interface Report {
  readonly version: string;
  readonly host: HostFacts;
  /** In the order in which `auto` tries them. */
  readonly backends: readonly BackendReport[];
  readonly postgres: { readonly folder: string | null; readonly problem: string | null };
  readonly dataDir: string;
  readonly datasets: Awaited<ReturnType<typeof locateDatasets>>;
}

async function checkPostgres(): Promise<Report['postgres']> {
  try {
    return { folder: (await findPostgresBinaries()).folder, problem: null };
  } catch (error) {
    return { folder: null, problem: messageOf(error) };
  }
}

function renderReport(report: Report, terminal: Terminal): readonly string[] {
  const { host, postgres } = report;
  const heading = (text: string) => terminal.style('bold', text);
  const memoryGb = (host.memoryBytes / 2 ** 30).toFixed(1);
  return [
    `abkd ${report.version} · Node ${host.node} · ${host.platform} · ${host.cores} × ${host.cpuModel} · ${memoryGb} GiB`,
    '',
    heading('Backends, in the order in which `auto` tries them'),
    ...renderBackends(report.backends, terminal),
    '',
    heading('PostgreSQL for `up`'),
    ...mark(terminal, postgres.problem === null, postgres.folder ?? '', postgres.problem),
    '',
    heading(`Datasets in ${report.dataDir}`),
    ...report.datasets.flatMap(({ name, presence }) =>
      presence.present
        ? mark(terminal, true, `${name}: ${presence.folder}`, null)
        : mark(terminal, false, '', `${name}: ${presence.problem}; ${presence.howToGet}`),
    ),
  ];
}

function renderBackends(backends: readonly BackendReport[], terminal: Terminal): readonly string[] {
  const working = backends.filter(({ works }) => works);
  const rows = working.map((backend) => [
    `${terminal.style('green', '✓')} ${backend.name}`,
    backend.version,
    backend.device,
    backend.trainsConv ? formatRate(backend.convTrainImagesPerSec) : 'no',
    formatRate(backend.matmulGflops),
    formatRate(backend.convForwardGflops),
  ]);
  const table = renderTable(
    [
      { title: '  name' },
      { title: 'version' },
      { title: 'device', flexible: true },
      { title: 'trains, images/s', align: 'right' },
      { title: 'matmul GFLOP/s', align: 'right' },
      { title: 'conv GFLOP/s', align: 'right' },
    ],
    rows,
    { width: terminal.width, styleTitle: (text) => terminal.style('dim', text) },
  );
  const broken = backends.filter(({ works }) => !works);
  return [
    ...(working.length > 0 ? table : []),
    ...broken.flatMap(({ name, problem }) => mark(terminal, false, '', `${name}: ${problem}`)),
  ];
}

function mark(terminal: Terminal, good: boolean, text: string, problem: string | null): readonly string[] {
  if (good) return [`${terminal.style('green', '✓')} ${text}`];
  const [first, ...rest] = wrapText(problem ?? '', Math.min(terminal.width, 110) - 2, '  ');
  return [`${terminal.style('yellow', '✗')} ${first}`, ...rest];
}

function formatRate(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
