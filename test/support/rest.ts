/** REST calls of tests, through the real server. */
import type { ProblemAnswer } from '../../core/api/page.ts';
import type { CreatedSweep } from '../../core/api/sweep.ts';
import { goodSpec } from './broken-specs.ts';

export interface RestAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export async function call<Body>(url: string, init?: RequestInit): Promise<RestAnswer<Body>> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as Body };
}

/** The body of an answer that is expected to be 2xx. */
export async function get<Body>(url: string): Promise<Body> {
  const { status, body } = await call<Body>(url);
  if (status !== 200) throw new Error(`GET ${url}: ${status} ${JSON.stringify(body)}`);
  return body;
}

export function post<Body = ProblemAnswer>(
  url: string,
  body: string,
  contentType = 'application/json',
): Promise<RestAnswer<Body>> {
  return call<Body>(url, { method: 'POST', headers: { 'content-type': contentType }, body });
}

/** A spec whose trials a scripted worker answers; the values of alpha are its points. */
export function noopSpec(change: Readonly<Record<string, unknown>> = {}) {
  return { ...goodSpec, run: { kind: 'noop', durationMs: 0, steps: 1 }, ...change };
}

export async function submit(httpUrl: string, spec: unknown = noopSpec()): Promise<CreatedSweep> {
  const { status, body } = await post<CreatedSweep>(`${httpUrl}/api/v1/sweeps`, JSON.stringify(spec));
  if (status !== 201) throw new Error(`POST sweeps: ${status} ${JSON.stringify(body)}`);
  return body;
}
