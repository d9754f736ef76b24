import { locateDatasets } from '../data/registry.ts';
import { computeKernelProof } from '../distill/kernel-proof.ts';
import { initBackend } from '../tf/backend.ts';
import type { HostDescription } from './messages.ts';
import type { TrialSettings } from './settings.ts';

/** Starts the backend, computes the reference values of the loss kernel on it, and looks for datasets. */
export async function describeHost(settings: TrialSettings): Promise<HostDescription> {
  const { backend, backendVersion, deviceKind, device } = await initBackend(settings.backend);
  const located = await locateDatasets(settings.dataDir);
  return {
    backend,
    backendVersion,
    deviceKind,
    device,
    proof: await computeKernelProof(),
    datasets: located.filter(({ presence }) => presence.present).map(({ name }) => name),
  };
}
