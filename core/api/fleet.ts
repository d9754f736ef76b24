/** REST answers about workers, datasets and health. */

export interface WorkerAnswer {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly state: 'ATTACHED' | 'DETACHED';
  readonly slots: number;
  readonly busySlots: number;
  readonly backend: string;
  readonly backendVersion: string;
  readonly devices: readonly { readonly kind: string; readonly name: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly datasets: readonly string[];
  readonly attachedAt: string;
  readonly lastSeenAt: string;
}

export interface DatasetAnswer {
  readonly name: string;
  readonly title: string;
  readonly protocol: string;
  readonly classes: number;
  readonly available: boolean;
  /** Attached workers that have the files. */
  readonly workers: readonly string[];
  readonly published: readonly {
    readonly pair: string;
    readonly alpha: number;
    readonly beta: number;
    readonly source: string;
  }[];
}

export interface HealthAnswer {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly checks: Readonly<Record<string, string>>;
}
