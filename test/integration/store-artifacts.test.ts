import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { WorkerId } from '../../core/ids.ts';
import { leaseMs, openTestStore } from '../support/store.ts';

const content = { sha256: 'a'.repeat(64), sizeBytes: 3_000_000_000, metadata: { test: 95.5 } };
const workerId = randomUUID() as WorkerId;

async function openWithBuild() {
  const opened = await openTestStore();
  const claim = () => opened.store.claimArtifact({ key: 'teacher', workerId, leaseMs });
  const passLease = () => opened.sql(`UPDATE artifacts SET lease_expires_at = now() - interval '1 second'`);
  const first = await claim();
  if (first.state !== 'build') throw new Error(`Cannot test builds: the first claim is "${first.state}"`);
  return { ...opened, claim, passLease, token: first.token };
}

test('of many claimers one builds the artifact, the others wait and then have it', async () => {
  const { store } = await openTestStore();
  const claim = () => store.claimArtifact({ key: 'teacher', workerId, leaseMs });
  const claims = await Promise.all(Array.from({ length: 10 }, claim));
  const builders = claims.filter((answer) => answer.state === 'build');
  expect(builders).toHaveLength(1);
  expect(claims.filter((answer) => answer.state === 'wait')).toHaveLength(9);
  expect(await store.findArtifact('teacher')).toBeNull();
  expect(await store.finishArtifact('teacher', builders[0]!.token, content)).toBe(true);
  expect(await claim()).toEqual({ state: 'ready', ...content });
  expect(await store.findArtifact('teacher')).toEqual(content);
  expect(await store.findArtifact('other')).toBeNull();
});

test('a build whose lease ran out passes to another claimer, and the late upload is refused', async () => {
  const { store, claim, passLease, token } = await openWithBuild();
  expect(await claim()).toEqual({ state: 'wait' });
  await passLease();
  const second = await claim();
  expect(second).toMatchObject({ state: 'build', token: expect.not.stringMatching(token) });
  expect(await store.renewArtifact('teacher', token, leaseMs)).toBe(false);
  expect(await store.finishArtifact('teacher', token, content)).toBe(false);
  await store.abandonArtifact('teacher', token);
  expect(await claim()).toEqual({ state: 'wait' });
  if (second.state === 'build') expect(await store.finishArtifact('teacher', second.token, content)).toBe(true);
  expect(await store.finishArtifact('teacher', token, { ...content, sha256: 'b'.repeat(64) })).toBe(false);
  expect(await store.findArtifact('teacher')).toEqual(content);
});

test('a renewed build is not passed on', async () => {
  const { store, claim, passLease, token } = await openWithBuild();
  await passLease();
  expect(await store.renewArtifact('teacher', token, leaseMs)).toBe(true);
  expect(await claim()).toEqual({ state: 'wait' });
});

test('an abandoned build, and that of a worker known to be dead, pass on at once', async () => {
  const { store, claim, token } = await openWithBuild();
  await store.abandonArtifact('teacher', token);
  expect(await claim()).toMatchObject({ state: 'build' });
  await store.expireWorkers([workerId]);
  expect(await claim()).toMatchObject({ state: 'build' });
});

test('finishArtifact() may be repeated, and a finished artifact is not taken away', async () => {
  const { store, claim, token } = await openWithBuild();
  expect(await store.finishArtifact('teacher', token, content)).toBe(true);
  expect(await store.finishArtifact('teacher', token, content)).toBe(true);
  await store.abandonArtifact('teacher', token);
  await store.expireWorkers([workerId]);
  expect(await claim()).toMatchObject({ state: 'ready' });
});
