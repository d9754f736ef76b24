import type { DatasetAnswer } from '../../core/api/fleet.ts';
import { type DatasetEntry, datasets } from '../../core/catalog/datasets.ts';
import { listPublished } from '../../core/catalog/paper.ts';
import type { WorkerService } from './workers.ts';

/** The catalogue, with the names of the attached workers that have each dataset's files. */
export async function listDatasets(workers: WorkerService): Promise<readonly DatasetAnswer[]> {
  const attached = (await workers.list()).filter((worker) => worker.state === 'ATTACHED');
  return Object.values(datasets).map((entry) => ({
    ...describe(entry),
    workers: attached.filter((worker) => worker.datasets.includes(entry.name)).map((worker) => worker.name),
  }));
}

function describe(entry: DatasetEntry): Omit<DatasetAnswer, 'workers'> {
  return {
    name: entry.name,
    title: entry.title,
    protocol: entry.protocols[0]!,
    classes: entry.classes,
    available: entry.available,
    published: listPublished(entry.name).map(({ teacher, student, alpha, beta, source }) => ({
      pair: `${teacher} -> ${student}`,
      alpha,
      beta,
      source,
    })),
  };
}
