import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { assertGone, createPrograms } from '../support/processes.ts';
import { killRecorded, recordedPids } from '../support/up.ts';

const programs = createPrograms();
const folder = await makeFolder();
const home = join(folder.path, 'demo');

afterAll(async () => {
  await programs.killAll();
  await killRecorded(home);
  await folder.remove();
});

/** The demo, smaller: a real teacher and real students on a few real images, through every part of the system. */
const spec = `
name: small-demo
tasks:
  - dataset: mnist
    teacher: { model: cnn-m, train: { epochs: 1, limitTrain: 256 } }
    student: { model: cnn-s }
objectives:
  - { kind: abkd }
  - { kind: kd }
  - { kind: ce }
search:
  space:
    alpha: { values: [0.5, 1] }
    beta: { values: [0] }
  include: [fkl]
replicates: 2
training: { epochs: 1, limitTrain: 128, limitVal: 128, limitTest: 128 }
`;

test('abkd demo distils real images through the whole system, prints the table and how to open it again', async () => {
  const file = join(folder.path, 'small.yaml');
  await writeFile(file, spec);
  const demo = programs.start('cli/main.js', ['demo', '--home', home, '--spec', file]);
  await demo.line(/3 tasks, 8 trials/);
  const pids = await eventually(() => recordedPids(home), { timeoutMs: 10_000 });
  await demo.line(/COMPLETED: 8 of 8 trials succeeded/);
  expect(await demo.ended).toEqual({ code: 0, signal: null });

  const output = demo.output.join('\n');
  expect(output).toMatch(/^mnist: cnn-m → cnn-s, abkd/m);
  for (const title of ['best', 'forward KL', 'kd', 'ce']) {
    expect(output).toMatch(new RegExp(`^${title}.* \\d+\\.\\d\\d ± \\d+\\.\\d\\d \\(2\\)`, 'm'));
  }
  expect(output).toMatch(/ANOVA: F\(1, 2\)/);
  expect(output).toMatch(new RegExp(`up --home \\S*${'demo'} --workers 0`));
  await eventually(() => assertGone(pids), { timeoutMs: 5_000 });
});
