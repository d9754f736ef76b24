/** Shapes of the REST answers (`/api/v1`), shared by the coordinator that writes them and the programs that read them: what all have. */
import type { Problem } from '../errors.ts';

/** RFC 9457 body of every error answer. */
export interface ProblemAnswer {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Error code of the system, for programs. */
  readonly code: string;
  readonly problems?: readonly Problem[];
  /** Reference under which an internal error was logged. */
  readonly reference?: string;
}

/** A page of a list; `next` goes into `?cursor=`, null on the last page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
