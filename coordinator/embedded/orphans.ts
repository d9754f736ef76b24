import { createHash } from 'node:crypto';
import { packageVersion } from '../../platform/version.ts';
import { isRunning, type UpState, type WorkerRecord } from './state.ts';
import { stopWorkerProcess } from './worker-process.ts';

/** Workers that an `abkd up` left behind when it was killed, alive at present. */
export async function findOrphans(before: UpState | null): Promise<readonly WorkerRecord[]> {
  const alive = await Promise.all((before?.workers ?? []).map((record) => isRunning(record.process)));
  return (before?.workers ?? []).filter((_, index) => alive[index]);
}

/**
 * Keeps the orphans that are what would be started now, at most `count`, and stops the others: they run another
 * version, have other settings, or dial an address where nobody listens any more.
 */
export async function adoptOrphans(
  orphans: readonly WorkerRecord[],
  wanted: { readonly names: readonly string[]; readonly fitKey: string; readonly note: (text: string) => void },
): Promise<readonly WorkerRecord[]> {
  const fits = (record: WorkerRecord) => record.fitKey === wanted.fitKey && wanted.names.includes(record.name);
  const adopted = orphans.filter(fits);
  const misfits = orphans.filter((record) => !fits(record));
  for (const { name, process } of adopted) wanted.note(`adopted ${name} (process ${process.pid}), still running`);
  for (const { name, process } of misfits) wanted.note(`stopping ${name} (process ${process.pid}) of an earlier start`);
  await Promise.all(misfits.map(({ process }) => stopWorkerProcess(process, new AbortController().signal)));
  return adopted;
}

/** Text that agrees for two workers exactly where one can stand in for the other. */
export function workerFitKey(worker: {
  readonly grpcAddress: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): string {
  const settings = Object.entries(worker.env)
    .filter(([name]) => name.startsWith('ABKD_'))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const content = JSON.stringify([packageVersion, worker.grpcAddress, worker.command, settings]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
