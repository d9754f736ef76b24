// What `npm test` runs after the bootstrap: layer rules and style, types, then the short suites on real services.
// Ends with one line `N passed, N failed, N skipped`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tool } from './run.mjs';

const suites = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['unit', 'integration'];
const folder = await mkdtemp(join(tmpdir(), 'abkd-test-'));
const report = join(folder, 'report.json');
let failedChecks = 0;

for (const [title, name, args] of [
  ['style and layers', 'biome', ['check', '.']],
  ['types', 'tsc', ['--noEmit']],
]) {
  process.stdout.write(`${title} ...\n`);
  await run(tool(name), args, { show: true }).catch((error) => {
    failedChecks += 1;
    process.stderr.write(`${error.message}\n`);
  });
}

const projects = suites.flatMap((suite) => ['--project', suite]);
await run(
  tool('vitest'),
  ['run', ...projects, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  {
    show: true,
  },
).catch((error) => process.stderr.write(`${error.message}\n`));

const counts = await readFile(report, 'utf8').then(JSON.parse, () => null);
await rm(folder, { recursive: true, force: true });
if (counts === null) {
  process.stderr.write('Cannot read the report of the test runner: it ended before it wrote one\n');
  failedChecks += 1;
}
const passed = counts?.numPassedTests ?? 0;
// A suite that broke before its first test counts as one failure, and so does a failed check above.
const failed = Math.max(counts?.numFailedTests ?? 0, counts?.success === false ? 1 : 0) + failedChecks;
const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
