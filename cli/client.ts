import { z } from 'zod';
import type { WorkerAnswer } from '../core/api/fleet.ts';
import type { Page } from '../core/api/page.ts';
import type { SummaryAnswer } from '../core/api/summary.ts';
import type { SurfaceAnswer } from '../core/api/surface.ts';
import type {
  CreatedSweep,
  PointAnswer,
  RerunAnswer,
  StepAnswer,
  SweepAnswer,
  SweepListItem,
  TaskSources,
} from '../core/api/sweep.ts';
import type { TrialAnswer } from '../core/api/trial.ts';
import { AbkdError, type ErrorCode } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { RerunKind, SweepState } from '../core/sweep.ts';
import type { TrialState } from '../core/trial.ts';

/** Which results to summarise; absent = all. */
export interface SummaryQuery {
  readonly dataset?: string | undefined;
  readonly student?: string | undefined;
  readonly teacher?: string | undefined;
  readonly objective?: string | undefined;
  readonly sweep?: string | undefined;
}

/**
 * The coordinator's REST interface.
 * All calls throw {AbkdError} UNAVAILABLE where nobody answers, and the coordinator's own code where it refuses.
 */
export interface Client {
  readonly url: string;
  submit(document: string, contentType: string): Promise<CreatedSweep>;
  listSweeps(options: { readonly limit: number }): Promise<readonly SweepListItem[]>;
  readSweep(id: string): Promise<SweepAnswer>;
  cancelSweep(id: string): Promise<{ readonly id: string; readonly state: SweepState }>;
  rerunSweep(id: string, which: RerunKind): Promise<RerunAnswer>;
  /** Trials of a sweep in one state, at most `limit`. */
  listTrials(id: string, state: TrialState, limit: number): Promise<readonly TrialAnswer[]>;
  /** All points of a sweep, by task and in the order of suggestion. */
  listPoints(id: string): Promise<readonly PointAnswer[]>;
  /** All steps of its searches, by task and in their order. */
  listSteps(id: string): Promise<readonly StepAnswer[]>;
  /** The finished tasks that searches of a sweep start from, of each task that has some. */
  listSources(id: string): Promise<readonly TaskSources[]>;
  readSummary(query: SummaryQuery): Promise<SummaryAnswer>;
  /** @param task ordinal or id; undefined = the only one */
  readSurface(id: string, task: string | undefined): Promise<SurfaceAnswer>;
  listWorkers(): Promise<readonly WorkerAnswer[]>;
  /** The full identifier for a unique beginning, or for `latest`. @throws {AbkdError} NOT_FOUND, BAD_REQUEST */
  resolveSweep(prefix: string): Promise<string>;
}

const timeoutMs = 30_000;
const pageSize = 200;

const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  problems: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  reference: z.string().optional(),
});

export function createClient(url: string): Client {
  const call = <Answer>(path: string, init?: RequestInit) => request<Answer>(url, `/api/v1${path}`, init);
  const client: Client = {
    url,
    submit: (document, contentType) =>
      call('/sweeps', { method: 'POST', body: document, headers: { 'content-type': contentType } }),
    listSweeps: ({ limit }) => readPages((cursor) => call(`/sweeps${queryOf({ limit: pageSize, cursor })}`), limit),
    readSweep: (id) => call(`/sweeps/${id}`),
    cancelSweep: (id) => call(`/sweeps/${id}/cancel`, { method: 'POST' }),
    rerunSweep: (id, which) =>
      call(`/sweeps/${id}/rerun`, {
        method: 'POST',
        body: JSON.stringify({ which }),
        headers: { 'content-type': 'application/json' },
      }),
    listTrials: (id, state, limit) =>
      readPages((cursor) => call(`/sweeps/${id}/trials${queryOf({ state, limit: pageSize, cursor })}`), limit),
    listPoints: (id) => readAll((cursor) => call(`/sweeps/${id}/points${queryOf({ limit: pageSize, cursor })}`)),
    listSteps: (id) => readAll((cursor) => call(`/sweeps/${id}/steps${queryOf({ limit: pageSize, cursor })}`)),
    listSources: (id) => readAll((cursor) => call(`/sweeps/${id}/sources${queryOf({ cursor })}`)),
    readSummary: (query) => call(`/summary${queryOf({ ...query })}`),
    readSurface: (id, task) => call(`/sweeps/${id}/surface${queryOf({ task })}`),
    listWorkers: async () => (await call<Page<WorkerAnswer>>('/workers')).items,
    resolveSweep: (prefix) => resolveSweep(client, prefix),
  };
  return client;
}

async function readPages<Item>(
  readPage: (cursor: string | undefined) => Promise<Page<Item>>,
  limit: number,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return items.slice(0, limit);
}

function readAll<Item>(readPage: (cursor: string | undefined) => Promise<Page<Item>>): Promise<readonly Item[]> {
  return readPages(readPage, Number.POSITIVE_INFINITY);
}

/** Sweeps that are searched for a beginning, newest first. */
const searchedSweeps = 10_000;

async function resolveSweep(client: Client, prefix: string): Promise<string> {
  if (isUuid(prefix)) return prefix;
  if (prefix === 'latest') {
    const [newest] = await client.listSweeps({ limit: 1 });
    if (newest !== undefined) return newest.id;
    throw new AbkdError('NOT_FOUND', 'Cannot find the latest sweep: there is none yet');
  }
  if (!/^[0-9a-f-]{2,36}$/.test(prefix)) {
    throw new AbkdError('BAD_CONFIG', `Cannot find sweep "${prefix}": expected an id, its beginning, or latest`);
  }
  const sweeps = await client.listSweeps({ limit: searchedSweeps });
  const found = sweeps.filter(({ id }) => id.startsWith(prefix));
  if (found.length === 1) return found[0]!.id;
  if (found.length === 0) throw new AbkdError('NOT_FOUND', `Cannot find sweep "${prefix}": no id begins so`);
  const names = found.map(({ id, name }) => `${id} (${name})`).join(', ');
  throw new AbkdError('BAD_REQUEST', `Cannot find sweep "${prefix}": ${found.length} ids begin so: ${names}`);
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

async function request<Answer>(url: string, path: string, init: RequestInit = {}): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (error) {
    throw new AbkdError('UNAVAILABLE', `Cannot reach a coordinator at ${url}: ${reasonOf(error)}`, {
      details: { unreachable: url },
      cause: error,
    });
  }
  const body = readJson(text);
  if (!response.ok) throw refusal(response, body, url);
  if (typeof body !== 'object' || body === null) {
    throw new AbkdError('UNAVAILABLE', `Cannot use ${url}: what answers there is no abkd coordinator`);
  }
  return body as Answer;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const { code, message: reason } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return reason || code || message;
}

function refusal(response: Response, body: unknown, url: string): AbkdError {
  const problem = problemSchema.safeParse(body);
  if (!problem.success || problem.data.code === undefined) {
    return new AbkdError(
      'UNAVAILABLE',
      `Cannot use ${url}: it answers ${response.status}, as no abkd coordinator would`,
    );
  }
  const { code, detail, title, problems, reference } = problem.data;
  const suffix = reference === undefined ? '' : ` (reference ${reference} in the coordinator's log)`;
  return new AbkdError(code as ErrorCode, `${detail ?? title ?? `HTTP ${response.status}`}${suffix}`, {
    details: problems === undefined ? {} : { problems },
  });
}
