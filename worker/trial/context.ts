import type { TrialAssignment } from '../../core/assignment.ts';
import type { TrialSuccess } from '../../core/attempt.ts';

/** Among whom a file is shared. */
export type SharedFileScope = 'artifact' | 'host' | 'content';

/** A file that is built once and shared; its content never changes. */
export interface SharedFile {
  readonly path: string;
  /** sha256 of the content, hex. */
  readonly sha256: string;
  /** What its builder returned, as JSON. */
  readonly metadata: unknown;
}

/** Writes a state that was copied before to a new file at `path`. */
export type WriteState = (path: string) => Promise<unknown>;

/** Copies the trial's present state into memory. What it returns may be called much later, or never. */
export type CaptureState = () => Promise<WriteState>;

/** A state that an earlier attempt of the trial left, as a file on this host. */
export interface ResumePoint {
  /** Steps (epochs) that are done. */
  readonly step: number;
  readonly path: string;
}

/** What a trial may do, given to `runTrial` by the trial process. */
export interface TrialContext {
  readonly assignment: TrialAssignment;
  /** Aborted when the trial is to stop; check between batches. */
  readonly signal: AbortSignal;
  /** Folder with one folder per dataset. */
  readonly dataDir: string;
  /** Bound of the host's cache folder, which keeps what `sharedFile` gives. */
  readonly cacheBytes: number;
  /** Where to go on; null = at the start. The trial may not be able to, and then begins at the start. */
  readonly resume: ResumePoint | null;
  /**
   * Sends metrics of a step (epoch, from 1). Steps ascend.
   * @throws {TrialError} NAN_LOSS after sending, where a value is NaN or infinite
   */
  report(step: number, values: Readonly<Record<string, number>>): void;
  /** Tells people what is going on ("training teacher cnn-m, epoch 2/5") and counts as a sign of life. */
  phase(text: string): void;
  /** Tells people what did not go as it should and does not stop the trial. */
  warn(text: string): void;
  /**
   * Offers the state after a step, once its metrics are reported. Time decides whether it is captured and whether it is
   * written; a trial that is interrupted leaves its last captured state behind. The step up to which the trial is
   * assigned is always written.
   * @throws {TrialPaused} after that step: let it through, the trial goes on from there another time
   */
  checkpoint(step: number, capture: CaptureState): Promise<void>;
  /**
   * The file under `key`, built by `build` if nobody has yet: `artifact` once for all hosts, `host` once per host.
   * `build` writes the whole content to `path`, over what may be there, and returns metadata (JSON). Room is made for
   * `expectedBytes` before. `content` is never built: it is what the coordinator stores under a hash, which is the key;
   * its metadata is null. A file that nobody keeps open or marks as used may be evicted: open it with `openFound`
   * (worker/used-files.ts).
   * @default expectedBytes 0
   * @throws {TrialError} MISSING_DATA where the coordinator stores no such content
   */
  sharedFile(
    scope: SharedFileScope,
    key: string,
    build: (path: string) => Promise<unknown>,
    expectedBytes?: number,
  ): Promise<SharedFile>;
  /** Gives the event loop a turn so that messages (stop) get through, and counts as a sign of life; call between batches. */
  yieldNow(): Promise<void>;
}

/** A kind of run: `tfjs`, `noop`. Throws `TrialError` (worker/trial/failure.ts) for a named failure. */
export type TrialRunner = (context: TrialContext) => Promise<TrialSuccess>;
