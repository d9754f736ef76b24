import type { DatasetPresence, DatasetSource } from './source.ts';
import { cifar10 } from './vision/cifar10.ts';
import { eurosat } from './vision/eurosat.ts';
import { mnist } from './vision/mnist.ts';

/** Every dataset that this version can open. */
export const datasetSources: readonly DatasetSource[] = [mnist, cifar10, eurosat];

/** The source of that name; undefined where there is none. */
export function findDatasetSource(name: string): DatasetSource | undefined {
  return datasetSources.find((source) => source.name === name);
}

/** Where each dataset stands on this host. Looks for files, opens none. */
export function locateDatasets(
  dataDir: string,
): Promise<readonly { readonly name: string; readonly presence: DatasetPresence }[]> {
  return Promise.all(
    datasetSources.map(async (source) => ({ name: source.name, presence: await source.locate(dataDir) })),
  );
}
