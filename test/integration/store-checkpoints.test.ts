import { createHash } from 'node:crypto';
import { access, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEvents } from '../../coordinator/events.ts';
import { createCheckpointService } from '../../coordinator/service/checkpoints.ts';
import { openLocalArtifacts } from '../../platform/artifacts/local.ts';
import { createLogger } from '../../platform/logger.ts';
import { temporaryFolder } from '../support/datasets.ts';
import { makePlan } from '../support/plans.ts';
import { makeSuccess, openTestStore } from '../support/store.ts';

const contentOf = (letter: string) => letter.repeat(64);
const checkpoint = (step: number, letter: string) => ({ step, sha256: contentOf(letter), sizeBytes: 3_000_000_000 });

/** A store with one trial, claimed by a worker. */
async function openWithClaim() {
  const opened = await openTestStore();
  const sweep = await opened.store.createSweep(makePlan({ points: 1, retries: 5 }));
  const worker = await opened.attach();
  const claimAgain = async () => (await opened.claim(worker))[0]!;
  const lose = async () => {
    await opened.passLeases();
    await opened.store.expireLeases();
  };
  return { ...opened, sweep, worker, claimAgain, lose, first: await claimAgain() };
}

test('the next attempt is given the last checkpoint that was saved, and its steps never go back', async () => {
  const { store, first, claimAgain, lose } = await openWithClaim();
  expect(first.checkpoint).toBeNull();
  expect(await store.saveCheckpoint(first, checkpoint(1, 'a'))).toEqual({ saved: true, former: null });
  expect(await store.saveCheckpoint(first, checkpoint(3, 'b'))).toEqual({ saved: true, former: contentOf('a') });
  expect(await store.saveCheckpoint(first, checkpoint(2, 'c'))).toEqual({ saved: false, former: contentOf('b') });
  await lose();
  const second = await claimAgain();
  expect(second).toMatchObject({ attempt: 2, checkpoint: checkpoint(3, 'b') });
  expect(await store.findCheckpoint(first.trialId)).toBe(contentOf('b'));
  // An attempt that could not go on from there starts again, and then its own state is what counts.
  expect(await store.saveCheckpoint(second, checkpoint(1, 'd'))).toEqual({ saved: true, former: contentOf('b') });
});

test('an attempt that lost its trial can save nothing', async () => {
  const { store, first, claimAgain, lose } = await openWithClaim();
  expect(await store.ownsTrial(first)).toBe(true);
  await store.saveCheckpoint(first, checkpoint(1, 'a'));
  await lose();
  const late = () => store.saveCheckpoint(first, checkpoint(2, 'b'));
  expect(await late()).toMatchObject({ saved: false });
  const second = await claimAgain();
  expect(await late()).toMatchObject({ saved: false });
  expect(await store.ownsTrial(first)).toBe(false);
  expect(await store.ownsTrial(second)).toBe(true);
  expect(await store.findCheckpoint(first.trialId)).toBe(contentOf('a'));
});

test('checkpoints outlive attempts, not trials', async () => {
  const { store, first, claimAgain } = await openWithClaim();
  await store.saveCheckpoint(first, checkpoint(1, 'a'));
  await store.finishAttempt(first, { kind: 'stopped', requeue: true });
  expect(await store.forgetCheckpoints()).toEqual([]);
  expect(await store.findUnnamedCheckpoints([contentOf('a'), contentOf('b')])).toEqual([contentOf('b')]);
  await store.finishAttempt(await claimAgain(), makeSuccess());
  expect(await store.forgetCheckpoints()).toEqual([contentOf('a')]);
  expect(await store.findUnnamedCheckpoints([contentOf('a')])).toEqual([contentOf('a')]);
});

test('the curve of a trial is one over all its attempts', async () => {
  const { store, first, claimAgain, lose } = await openWithClaim();
  const record = (key: typeof first, ...steps: readonly number[]) =>
    store.recordMeasurements(
      key,
      steps.map((step) => ({ step, values: { loss: 10 * key.attempt + step } })),
    );
  const losses = async () => {
    const curve = await store.listMeasurements(first.trialId);
    return curve!.measurements.map(({ values }) => values.loss);
  };
  await record(first, 1, 2, 3);
  await lose();
  const second = await claimAgain();
  expect(await losses()).toEqual([11, 12, 13]);
  await record(second, 2);
  expect(await losses()).toEqual([11, 22]);
  await record(second, 3);
  await lose();
  // This one says nothing, and changes nothing.
  await claimAgain();
  await lose();
  const fourth = await claimAgain();
  expect(await losses()).toEqual([11, 22, 23]);
  await record(fourth, 3, 4);
  expect(await losses()).toEqual([11, 22, 43, 44]);
  const found = await store.findTrial(first.trialId);
  expect(found!.history.map(({ resumedFrom }) => resumedFrom)).toEqual([null, 1, null, 2]);
  await lose();
  await record(await claimAgain(), 1);
  expect(await losses()).toEqual([51]);
});

test('files go when they are replaced or left over, not while their record may still be written', async () => {
  const { store, first } = await openWithClaim();
  await using folder = await temporaryFolder();
  const files = await openLocalArtifacts(folder.path);
  const events = createEvents(createLogger('test', { level: 'silent' }));
  const checkpoints = createCheckpointService({ store, files, events });
  const refOf = (step: number, text: string) => ({
    ...{ step, sizeBytes: text.length },
    sha256: createHash('sha256').update(text).digest('hex'),
  });
  async function* contentOf(text: string) {
    yield Buffer.from(text);
  }
  const save = (step: number, text: string) => checkpoints.save(first, refOf(step, text), contentOf(text));
  const pathOf = (text: string) => join(folder.path, refOf(1, text).sha256.slice(0, 2), refOf(1, text).sha256);
  const isThere = (text: string) =>
    access(pathOf(text)).then(
      () => true,
      () => false,
    );
  const age = (text: string) => utimes(pathOf(text), 0, 0);

  await save(1, 'one');
  await save(2, 'two');
  expect([await isThere('one'), await isThere('two')]).toEqual([false, true]);
  await expect(save(1, 'late')).rejects.toMatchObject({ code: 'LEASE_LOST' });
  await expect(checkpoints.save(first, refOf(3, 'abc'), contentOf('abd'))).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
  for (const text of ['orphan', 'fresh']) await files.keep(contentOf(text), refOf(1, text));
  for (const text of ['two', 'orphan']) await age(text);
  await checkpoints.removeLeftovers();
  const left = ['two', 'orphan', 'fresh', 'late', 'abd'].map(async (text) => (await isThere(text)) && text);
  expect((await Promise.all(left)).filter(Boolean)).toEqual(['two', 'fresh']);
});
