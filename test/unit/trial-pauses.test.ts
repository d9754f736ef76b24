import { expect, it } from 'vitest';
import type { TrialAssignment } from '../../core/assignment.ts';
import type { ResumePoint } from '../../worker/trial/context.ts';
import { serveTrials } from '../../worker/trial/host.ts';
import type { FromTrialProcess } from '../../worker/trial/messages.ts';
import { temporaryFolder } from '../support/datasets.ts';
import { noopAssignment } from '../support/noop-trial.ts';

const steps = { durationMs: 0, steps: 6 };

/** What a trial process says until the trial is over. */
async function run(assignment: TrialAssignment, resume: ResumePoint | null): Promise<readonly FromTrialProcess[]> {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const said: FromTrialProcess[] = [];
  const ends = ['succeeded', 'failed', 'stopped', 'paused'];
  await new Promise<void>((resolve) => {
    const settings = { backend: 'cpu', dataDir: path, checkpointMs: 3_600_000, outgoingDir: path, cacheBytes: 0 };
    const receive = serveTrials(settings, (message) => {
      said.push(message);
      if (ends.includes(message.kind)) resolve();
    });
    receive({ kind: 'run', assignment, resume });
  });
  return said;
}

const kindsAndSteps = (said: readonly FromTrialProcess[]) =>
  said.map((message) => ('step' in message ? `${message.kind} ${message.step}` : message.kind));

it('a trial pauses after the step up to which it is assigned, its state written however soon that is', async () => {
  const said = await run({ ...noopAssignment(steps), untilStep: 2 }, null);
  expect(kindsAndSteps(said)).toEqual(['measurement 1', 'measurement 2', 'checkpoint 2', 'paused']);
});

it('a trial that goes on from there gives what it would have given in one go', async () => {
  const assignment = noopAssignment(steps);
  const whole = await run(assignment, null);
  const [first, second] = [
    await run({ ...assignment, untilStep: 2 }, null),
    await run({ ...assignment, untilStep: 5 }, { step: 2, path: 'any' }),
  ];
  expect([first, second].map((said) => said.at(-1)?.kind)).toEqual(['paused', 'paused']);
  const third = await run(assignment, { step: 5, path: 'any' });
  expect(kindsAndSteps(third)).toEqual(['measurement 6', 'succeeded']);
  const results = (said: readonly FromTrialProcess[]) =>
    said
      .filter(({ kind }) => kind === 'measurement' || kind === 'succeeded')
      .map(({ kind, ...told }) => {
        return { kind, ...told, residentBytes: 0 };
      });
  expect([first, second, third].flatMap(results)).toEqual(results(whole));
});

it('a trial that has been at its rung before pauses at once', async () => {
  expect(await run({ ...noopAssignment(steps), untilStep: 2 }, { step: 2, path: 'any' })).toMatchObject([
    { kind: 'paused' },
  ]);
});
