import { z } from 'zod';
import type { TaskDefinition } from '../core/task.ts';

/** The argument of teacher-cache-process.ts. */
export interface TeacherCacheWork {
  readonly backend: string;
  /** Holds the dataset; the cache folder is made there. */
  readonly folder: string;
  readonly definition: TaskDefinition;
}

/** First line, when the teacher is trained and its outputs are cached. */
export const readySchema = z.object({ backend: z.string() });
