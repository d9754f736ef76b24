import { findCoordinator } from '../address.ts';
import { defineCommand, ExitCode } from '../command.ts';
import { plural, shortId } from '../format.ts';
import { contentTypeOf, readNamedFile } from '../named-file.ts';
import { withLines } from '../spec-lines.ts';
import { watchToEnd } from '../watch-sweep.ts';

export const submit = defineCommand({
  name: 'submit',
  summary: 'submit a sweep spec (YAML or JSON)',
  details: [
    'The coordinator checks the whole spec and stores all of it or nothing; every problem is listed with its place.',
    'The same spec again is a new sweep; `best` counts equal points with equal seeds once.',
  ],
  examples: [
    ['submit sweep.yaml', 'prints the new sweep and returns'],
    ['submit sweep.yaml --watch', 'follows it to its end (exit code 3 where it ends FAILED or CANCELLED)'],
    ['submit - < sweep.json', 'reads standard input'],
  ],
  args: {
    file: { type: 'positional', required: true, description: 'YAML or JSON file, or - for standard input' },
    watch: { type: 'boolean', description: 'follow the sweep until it ends' },
    json: { type: 'boolean', description: 'print one JSON document: the new sweep, with --watch the finished one' },
  },
  run: async ({ args, config, terminal }) => {
    const document = await readNamedFile(args.file, 'spec');
    const client = await findCoordinator(config);
    const created = await client.submit(document, contentTypeOf(args.file, document)).catch((error) => {
      throw withLines(error, document);
    });
    if (args.json && !args.watch) {
      terminal.print(JSON.stringify(created, null, 2));
      return ExitCode.OK;
    }
    if (!args.json) {
      for (const warning of created.warnings) terminal.note(`Warning: ${warning}`);
      terminal.print(
        `sweep ${created.id}: ${plural(created.tasks, 'task')}, ${plural(created.plannedTrials, 'trial')}, ${created.state}`,
      );
    }
    if (args.watch) return watchToEnd(client, created.id, { terminal, config, json: args.json === true });
    terminal.note(`Follow it with \`${config.program} watch ${shortId(created.id)}\``);
    return ExitCode.OK;
  },
});
