import { cpus, totalmem } from 'node:os';
import type { Device } from '../core/worker.ts';
import type { HostDescription } from './trial/messages.ts';

/** The devices that trials of this host run on: the one that the backend computes with. */
export function findDevices({ deviceKind, device }: HostDescription): readonly Device[] {
  if (deviceKind !== 'cpu') return [{ kind: deviceKind, name: device, memoryBytes: 0 }];
  return [{ kind: 'cpu', name: `${cpus()[0]?.model ?? 'cpu'} (${device})`, memoryBytes: totalmem() }];
}
