import type { Database } from './database.ts';
import { attachWorker } from './sql/attach-worker.ts';
import { abandonBuild, claimBuild, finishBuild, renewBuild } from './sql/build-artifact.ts';
import { detachWorkers } from './sql/expire-attempts.ts';
import { findUnmetNeeds } from './sql/find-unmet-needs.ts';
import { listWorkers } from './sql/list-workers.ts';
import type { Store } from './store.ts';

type WorkerVerbs = Pick<Store, 'attachWorker' | 'detachWorker' | 'listWorkers' | 'findUnmetNeeds'>;

/** The part of the store that knows the fleet. */
export function createWorkerVerbs({ query, during }: Database): WorkerVerbs {
  return {
    attachWorker: (worker) => during('register the worker', () => attachWorker(query, worker)),
    detachWorker: (id) => during('unregister the worker', () => detachWorkers(query, [id])),
    listWorkers: ({ seenWithinMs }) => during('list workers', () => listWorkers(query, seenWithinMs)),
    findUnmetNeeds: (sweepId) => during('find what the sweep lacks', () => findUnmetNeeds(query, sweepId)),
  };
}

type ArtifactVerbs = Pick<
  Store,
  'claimArtifact' | 'renewArtifact' | 'abandonArtifact' | 'finishArtifact' | 'findArtifact'
>;

/** The part of the store that lets each artifact be built once. */
export function createArtifactVerbs({ prisma, query, during }: Database): ArtifactVerbs {
  const findArtifact = async (key: string) => {
    const row = await prisma.artifact.findUnique({ where: { key, state: 'READY' } });
    if (row === null || row.sha256 === null || row.sizeBytes === null) return null;
    return { sha256: row.sha256, sizeBytes: Number(row.sizeBytes), metadata: row.metadata as unknown };
  };
  return {
    claimArtifact: (claim) =>
      during('claim the artifact', async () => {
        const token = await claimBuild(query, claim);
        if (token !== null) return { state: 'build', token };
        const content = await findArtifact(claim.key);
        return content === null ? { state: 'wait' } : { state: 'ready', ...content };
      }),
    renewArtifact: (key, token, leaseMs) =>
      during('renew the build of the artifact', () => renewBuild(query, key, token, leaseMs)),
    abandonArtifact: (key, token) => during('give up the build of the artifact', () => abandonBuild(query, key, token)),
    finishArtifact: (key, token, content) =>
      during('complete the artifact', () => finishBuild(query, key, token, content)),
    findArtifact: (key) => during('find the artifact', () => findArtifact(key)),
  };
}
