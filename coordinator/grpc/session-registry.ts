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
  /** Ends every stream, also one that is still being admitted, so that the workers go to another coordinator. */
  close(): Promise<void>;
}

const stoppingDetails = 'The coordinator is stopping';

export function createSessionRegistry(): SessionRegistry {
  const sessions = new Map<WorkerId, Session>();
  let isClosed = false;
  return {
    add: (session) => {
      const older = sessions.get(session.workerId);
      sessions.set(session.workerId, session);
      older?.end(status.ABORTED, 'Cannot keep stream: a newer one of the same worker came');
      if (isClosed) session.end(status.UNAVAILABLE, stoppingDetails);
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
      isClosed = true;
      const open = [...sessions.values()];
      for (const session of open) session.end(status.UNAVAILABLE, stoppingDetails);
      await Promise.all(open.map((session) => session.ended));
    },
  };
}
