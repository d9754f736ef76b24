import type { WorkerId } from './ids.ts';

/** A device that trials can run on. */
export interface Device {
  /** `cpu`, `cuda`, `webgpu`. */
  readonly kind: string;
  /** As the driver names it. */
  readonly name: string;
  /** 0 where unknown. */
  readonly memoryBytes: number;
}

/** What a worker says of itself when it attaches. */
export interface WorkerHello {
  readonly id: WorkerId;
  /** Name for people. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Version of the package. */
  readonly version: string;
  /** Trials that can run at once. */
  readonly slots: number;
  readonly devices: readonly Device[];
  readonly labels: Readonly<Record<string, string>>;
  /** Datasets whose files are on the host. */
  readonly datasets: readonly string[];
  /** tfjs backend and its version. */
  readonly backend: string;
  readonly backendVersion: string;
  readonly kernelId: string;
}
