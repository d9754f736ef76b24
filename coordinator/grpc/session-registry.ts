import { status } from '@grpc/grpc-js';
import type { SweepId, WorkerId } from '../../core/ids.ts';
import type { Session } from './session.ts';

/** The streams of this coordinator. */
export interface SessionRegistry {
  /** Takes a session in. An older one of the same worker is ended: its stream must be dead, a worker has only one. */
  add(session: Session): void;
  /** Takes a session out; false where a newer one of the same worker has taken its place. */
  remove(workerId: WorkerId, session: Session | null): boolean;
  /** Sweeps of which any worker here holds attempts that were not told to stop. */
  sweeps(): readonly SweepId[];
  stopSweep(sweepId: SweepId): Promise<void>;
  /** Ends every stream so that the workers go to another coordinator. */
  close(): Promise<void>;
}

export function createSessionRegistry(): SessionRegistry {
  const sessions = new Map<WorkerId, Session>();
  return {
    add: (session) => {
      const older = sessions.get(session.workerId);
      sessions.set(session.workerId, session);
      older?.end(status.ABORTED, 'Cannot keep stream: a newer one of the same worker came');
    },
    remove: (workerId, session) => {
      if (session === null || sessions.get(workerId) !== session) return false;
      return sessions.delete(workerId);
    },
    sweeps: () => [...new Set([...sessions.values()].flatMap((session) => session.sweeps()))],
    stopSweep: async (sweepId) => {
      await Promise.all([...sessions.values()].map((session) => session.stopSweep(sweepId)));
    },
    close: async () => {
      const open = [...sessions.values()];
      for (const session of open) session.end(status.UNAVAILABLE, 'The coordinator is stopping');
      await Promise.all(open.map((session) => session.ended));
    },
  };
}
