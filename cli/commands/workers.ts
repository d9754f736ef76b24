import type { WorkerAnswer } from '../../core/api/fleet.ts';
import { systemClock } from '../../platform/clock.ts';
import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { formatSpan, shortId } from '../format.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const workers = defineCommand({
  name: 'workers',
  summary: 'who works, and on what',
  details: ['Attached workers, and those that were seen within the last hour. Slots: busy / all (trials at once).'],
  examples: [
    ['workers', 'a table'],
    ['workers --json', 'one JSON document'],
  ],
  args: { json: { type: 'boolean', description: 'print one JSON document' } },
  run: async ({ args, config, terminal }) => {
    const client = await findCoordinator(config);
    const listed = await client.listWorkers();
    if (args.json) terminal.print(JSON.stringify({ workers: listed }, null, 2));
    else if (listed.length === 0) {
      terminal.note(`No worker yet; \`${config.program} worker --coordinator HOST:PORT\` attaches one`);
    } else terminal.print(renderWorkers(listed, terminal).join('\n'));
    return ExitCode.OK;
  },
});

function renderWorkers(listed: readonly WorkerAnswer[], terminal: Terminal): readonly string[] {
  const now = systemClock.now();
  const rows = listed.map((worker) => [
    shortId(worker.id),
    worker.name,
    worker.host,
    worker.state,
    `${worker.busySlots}/${worker.slots}`,
    `${worker.backend} ${worker.backendVersion}`.trim(),
    [...new Set(worker.devices.map(({ kind, name }) => (name === '' ? kind : name)))].join(', '),
    worker.datasets.join(' '),
    `${formatSpan(worker.lastSeenAt, null, now)} ago`,
  ]);
  return renderTable(
    [
      { title: 'id' },
      { title: 'name', flexible: true },
      { title: 'host', flexible: true },
      { title: 'state' },
      { title: 'slots', align: 'right' },
      { title: 'backend', flexible: true },
      { title: 'device', flexible: true },
      { title: 'datasets', flexible: true },
      { title: 'seen', align: 'right' },
    ],
    rows,
    { width: terminal.width, styleTitle: (text) => terminal.style('dim', text) },
  );
}
