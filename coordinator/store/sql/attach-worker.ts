import type { WorkerHello } from '../../../core/worker.ts';
import type { Query } from '../database.ts';

/**
 * Inserts or refreshes the row of a worker that attached.
 *
 * Guarantee: one row per run of an agent, whatever coordinators it meets. Index: workers_pkey. Lock order: its row.
 */
export async function attachWorker(query: Query, worker: WorkerHello): Promise<void> {
  await query(
    `INSERT INTO workers (id, name, host, pid, version, slots, devices, labels, datasets, backend, backend_version,
                          kernel_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (id) DO UPDATE
        SET name = excluded.name, host = excluded.host, pid = excluded.pid, version = excluded.version,
            slots = excluded.slots, devices = excluded.devices, labels = excluded.labels,
            datasets = excluded.datasets, backend = excluded.backend, backend_version = excluded.backend_version,
            kernel_id = excluded.kernel_id, state = 'ATTACHED', attached_at = now(), last_seen_at = now()`,
    [
      worker.id,
      worker.name,
      worker.host,
      worker.pid,
      worker.version,
      worker.slots,
      JSON.stringify(worker.devices),
      JSON.stringify(worker.labels),
      [...worker.datasets],
      worker.backend,
      worker.backendVersion,
      worker.kernelId,
    ],
  );
}
