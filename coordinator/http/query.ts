import type { Request } from 'express';
import { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';
import { isUuid, type SweepId, type TrialId } from '../../core/ids.ts';
import { TrialState } from '../../core/trial.ts';
import { notFound } from '../service/trials.ts';

const maxPage = 500;
const limit = z.coerce.number().int().min(1).max(maxPage).default(50);
/** A cursor is a number to us, and opaque to callers. */
const cursorPattern = /^\d{1,18}$/;
const cursorProblem = 'expected a cursor that a page gave as `next`';
/** Names as the catalogue and specs have them; anything else can match nothing. */
const name = z.string().regex(/^[\w.:/+-]{1,200}$/, 'expected a name of at most 200 letters, digits and . _ : / + -');
const uuid = z.string().refine(isUuid, 'expected a UUID in lower case');

export const noQuery = z.strictObject({});

export const sweepListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(cursorPattern, cursorProblem)
    .transform((text) => BigInt(text))
    .optional(),
  limit,
});

export const trialListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, cursorProblem)
    .transform(Number)
    .optional(),
  limit,
  state: z.enum(TrialState).optional(),
});

/** A page of sources is large: some 50 kB per task. */
export const sourceListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, cursorProblem)
    .transform(Number)
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const pointListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}\.\d{1,9}$/, cursorProblem)
    .transform((text) => {
      const [task, point] = text.split('.').map(Number) as [number, number];
      return { task, point };
    })
    .optional(),
  limit,
});

export const summaryQuery = z.strictObject({
  dataset: name.optional(),
  student: name.optional(),
  teacher: name.optional(),
  sweep: uuid.transform((id) => id as SweepId).optional(),
  objective: name.optional(),
});

/**
 * The query of a request. Unknown names are refused: a misspelt filter must not answer everything.
 * @throws {AbkdError} BAD_REQUEST with all problems
 */
export function readQuery<Schema extends z.ZodType>(schema: Schema, request: Request): z.infer<Schema> {
  const read = schema.safeParse(request.query);
  if (read.success) return read.data;
  const problems = read.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: key.slice(0, 80), message: 'unknown query parameter' }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  );
  const first = problems[0]!;
  throw new AbkdError('BAD_REQUEST', `Cannot read query: ${first.path}: ${first.message}`, { details: { problems } });
}

/** @throws {AbkdError} NOT_FOUND for what cannot be the id of anything */
export function readSweepId(request: Request): SweepId {
  return readId(request, 'sweep') as SweepId;
}

/** @throws {AbkdError} NOT_FOUND for what cannot be the id of anything */
export function readTrialId(request: Request): TrialId {
  return readId(request, 'trial') as TrialId;
}

function readId(request: Request, kind: 'sweep' | 'trial'): string {
  const id = String(request.params.id);
  if (!isUuid(id)) throw notFound(kind, id.slice(0, 80));
  return id;
}
