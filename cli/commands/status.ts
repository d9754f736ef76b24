import type { SweepAnswer, SweepListItem } from '../../core/api/sweep.ts';
import { systemClock } from '../../platform/clock.ts';
import { findCoordinator } from '../address.ts';
import type { Client } from '../client.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { coverageLines } from '../coverage-text.ts';
import { countTrials, formatSpan, shortId, stoppedText } from '../format.ts';
import { bestText, overallText, taskTitle } from '../progress.ts';
import { renderTable, wrapText } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { transferText } from '../transfer-text.ts';
import { failureLines } from '../trial-failures.ts';

const defaultListed = 20;

export const status = defineCommand({
  name: 'status',
  summary: 'all sweeps, or one in detail',
  details: [
    `Without an id the newest ${defaultListed} sweeps (--all for more). With one: its tasks, how far each is, its best point`,
    'so far (mean ± standard error, number of seeds), what finished tasks count for in its search, how many of the planned',
    'cells and trials have a result and whether any has two, why trials failed, and what keeps queued ones from running.',
  ],
  examples: [
    ['status', 'the newest sweeps'],
    ['status 3f2a', 'one of them'],
    ['status latest --json', 'one JSON document'],
  ],
  args: {
    id: { type: 'positional', required: false, description: 'sweep, or its unique beginning, or latest' },
    all: { type: 'boolean', description: 'list every sweep' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    if (args.id === undefined) {
      const sweeps = await client.listSweeps({ limit: args.all ? Number.POSITIVE_INFINITY : defaultListed });
      if (args.json) terminal.print(JSON.stringify({ sweeps }, null, 2));
      else if (sweeps.length === 0) terminal.note(`No sweep yet; \`${config.program} submit FILE\` makes one`);
      else terminal.print(renderSweeps(sweeps, terminal).join('\n'));
      return ExitCode.OK;
    }
    const sweep = await client.readSweep(await client.resolveSweep(args.id));
    const text = args.json
      ? JSON.stringify(sweep, null, 2)
      : (await renderSweep(sweep, client, terminal, config.program)).join('\n');
    terminal.print(text);
    return ExitCode.OK;
  },
});

function renderSweeps(sweeps: readonly SweepListItem[], terminal: Terminal): readonly string[] {
  const now = systemClock.now();
  const rows = sweeps.map((sweep) => {
    const { done, total } = countTrials(sweep.trials, sweep.plannedTrials);
    return [
      shortId(sweep.id),
      sweep.name,
      sweep.state,
      `${done}/${total}`,
      sweep.trials.FAILED > 0 ? String(sweep.trials.FAILED) : '',
      sweep.createdAt.slice(0, 16).replace('T', ' '),
      formatSpan(sweep.startedAt, sweep.finishedAt, now),
    ];
  });
  return renderTable(
    [
      { title: 'id' },
      { title: 'name', flexible: true },
      { title: 'state' },
      { title: 'trials', align: 'right' },
      { title: 'failed', align: 'right' },
      { title: 'created (UTC)' },
      { title: 'ran', align: 'right' },
    ],
    rows,
    { width: terminal.width, styleTitle: (text) => terminal.style('dim', text) },
  );
}

async function renderSweep(
  sweep: SweepAnswer,
  client: Client,
  terminal: Terminal,
  program: string,
): Promise<readonly string[]> {
  const isAdaptive = sweep.tasks.some(({ search }) => search !== null && search.planned > 0);
  const tasks = sweep.tasks.map((task) => {
    const { done, total } = countTrials(task.trials, task.plannedTrials);
    const pair = task.teacher === null ? task.student : `${task.teacher} → ${task.student}`;
    const suggested =
      task.search === null || task.search.planned === 0 ? '' : `${task.search.suggested}/${task.search.planned}`;
    return [
      ...[taskTitle(task), pair, `${task.points}`],
      ...(isAdaptive ? [suggested] : []),
      ...[`${done}/${total}`, bestText(task) ?? ''],
    ];
  });
  const table = renderTable(
    [
      { title: 'task', flexible: true },
      { title: 'pair', flexible: true },
      { title: 'points', align: 'right' },
      ...(isAdaptive ? [{ title: 'suggested', align: 'right' } as const] : []),
      { title: 'trials', align: 'right' },
      { title: 'best so far: mean ± se (n)' },
    ],
    tasks,
    { width: terminal.width, styleTitle: (text) => terminal.style('dim', text) },
  );
  const stops = sweep.tasks.flatMap((task) => {
    const stopped = stoppedText(task);
    return stopped === null ? [] : [`The search of ${taskTitle(task)} ${stopped}`];
  });
  const ran = formatSpan(sweep.startedAt, sweep.finishedAt, systemClock.now());
  return [
    `${terminal.style('bold', sweep.name)}  ${sweep.id}`,
    `${overallText(sweep)}${sweep.startedAt === null ? '' : `, ran ${ran}`}`,
    '',
    ...table,
    '',
    ...coverageLines(sweep, program),
    ...withBlank(transferLines(sweep)).flatMap((line) => wrapText(line, terminal.width, '  ')),
    ...withBlank(await failureLines(client, sweep)),
    ...withBlank([...stops, ...sweep.unmetNeeds, ...sweep.warnings.map((text) => `Warning: ${text}`)]).flatMap((line) =>
      wrapText(line, terminal.width, '  '),
    ),
  ];
}

/** One line per search that starts from finished tasks. */
function transferLines({ tasks }: SweepAnswer): readonly string[] {
  return tasks.flatMap((task) => {
    const transfer = task.search?.transfer ?? null;
    return transfer === null ? [] : [`${taskTitle(task)}: ${transferText(transfer)}`];
  });
}

function withBlank(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}
