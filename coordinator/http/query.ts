import type { Request } from 'express';
import { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';
import { isUuid, type SweepId, type TrialId } from '../../core/ids.ts';
import { rerunKinds } from '../../core/sweep.ts';
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

/** Of what is listed by task. */
export const taskListQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}\.\d{1,9}$/, cursorProblem)
    .transform((text) => {
      const [task, ordinal] = text.split('.').map(Number) as [number, number];
      return { task, ordinal };
    })
    .optional(),
  limit,
});

export const rerunBody = z.strictObject({ which: z.enum(rerunKinds) });

export const summaryQuery = z.strictObject({
  dataset: name.optional(),
  student: name.optional(),
  teacher: name.optional(),
  sweep: uuid.transform((id) => id as SweepId).optional(),
  objective: name.optional(),
});

export const surfaceQuery = z.strictObject({
  task: z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) || isUuid(text), 'expected the ordinal of a task, from 0, or its id')
    .optional(),
});

/**
 * The query of a request. Unknown names are refused: a misspelt filter must not answer everything.
 * @throws {AbkdError} BAD_REQUEST with all problems
 */
export function readQuery<Schema extends z.ZodType>(schema: Schema, request: Request): z.infer<Schema> {
  return readPart(schema, request.query, { part: 'query', unknown: 'unknown query parameter' });
}

/**
 * The JSON body of a request.
 * @throws {AbkdError} UNSUPPORTED_MEDIA_TYPE where it is not JSON; BAD_REQUEST with all problems
 */
export function readBody<Schema extends z.ZodType>(schema: Schema, request: Request): z.infer<Schema> {
  if (!request.is('application/json')) {
    const found = request.get('content-type') ?? 'no content type';
    throw new AbkdError('UNSUPPORTED_MEDIA_TYPE', `Cannot read body: found ${found}, expected application/json`);
  }
  return readPart(schema, request.body, { part: 'body', unknown: 'unknown field' });
}

function readPart<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { part, unknown }: { readonly part: string; readonly unknown: string },
): z.infer<Schema> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const problems = read.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: key.slice(0, 80), message: unknown }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  );
  const { path, message } = problems[0]!;
  const where = path === '' ? '' : `${path}: `;
  throw new AbkdError('BAD_REQUEST', `Cannot read ${part}: ${where}${message}`, { details: { problems } });
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
