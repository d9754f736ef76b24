/** The REST side of a coordinator on a real database. */
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCoordinator } from '../../coordinator/coordinator.ts';
import type { DatasetAnswer, HealthAnswer } from '../../core/api/fleet.ts';
import type { Page, ProblemAnswer } from '../../core/api/page.ts';
import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { SweepAnswer, SweepListItem } from '../../core/api/sweep.ts';
import type { TrialAnswer } from '../../core/api/trial.ts';
import { brokenSpecs } from '../support/broken-specs.ts';
import { createTestCoordinators, type TestCoordinators } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call, get, noopSpec, post, submit } from '../support/rest.ts';
import { attachScriptedWorker, keyOf, success, workerHello } from '../support/scripted-worker.ts';

const soon = { timeoutMs: 15_000 };
let database: TestDatabase;
let coordinators: TestCoordinators;
let coordinator: RunningCoordinator;
let api: string;

beforeAll(async () => {
  database = await createTestDatabase();
  coordinators = await createTestCoordinators(database.connectionString);
  coordinator = await coordinators.start();
  api = `${coordinator.httpUrl}/api/v1`;
});
afterAll(async () => {
  await coordinators.stopAll();
  await database.drop();
});

describe('POST /sweeps with a broken spec', () => {
  it.each(brokenSpecs.map((spec) => [spec.title, spec] as const))('%s is refused', async (_title, spec) => {
    const { status, headers, body } = await post(`${api}/sweeps`, spec.body, spec.contentType);
    expect({ status, body }).toMatchObject({ status: spec.status, body: { status: spec.status } });
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const paths = (body.problems ?? []).map(({ path }) => path);
    expect([...paths].sort()).toEqual([...spec.paths].sort());
  });

  it.each([
    ['a NUL in a name', { name: 'a\u0000b' }],
    ['half a character in a name', { name: 'a\ud800b' }],
    ['a key that is a prototype', JSON.parse('{"__proto__": {"name": "x"}, "constructor": 1}')],
  ])('%s is refused', async (_title, change) => {
    const { status } = await post(`${api}/sweeps`, JSON.stringify({ ...noopSpec(), ...change }));
    expect(status).toBe(422);
  });

  it('a compressed body is refused', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const body = new Uint8Array(gzipSync(JSON.stringify(noopSpec())));
    expect((await call(`${api}/sweeps`, { method: 'POST', headers, body })).status).toBe(415);
  });

  it('stores nothing', async () => {
    expect(await get(`${api}/sweeps`)).toEqual({ items: [], next: null });
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    for (const table of ['sweeps', 'tasks', 'points', 'trials']) {
      const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
      expect(rows[0]!.n).toBe('0');
    }
    await client.end();
  });
});

describe('sweeps', () => {
  it('is created from YAML and from JSON, says where it is, and what keeps it from running', async () => {
    const yaml = [
      'name: from yaml',
      'tasks: [{ dataset: eurosat, teacher: { model: cnn-m }, student: { model: cnn-s } }]',
      'search: { space: { alpha: { min: 0, max: 1, step: 0.5 }, beta: { values: [0] } }, include: [fkl, paper] }',
      'replicates: 2',
    ].join('\n');
    const { status, headers, body } = await post<{ id: string; links: { self: string } }>(
      `${api}/sweeps`,
      yaml,
      'application/yaml; charset=utf-8',
    );
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(body.links.self);
    expect(body).toMatchObject({ state: 'PENDING', tasks: 1, plannedTrials: 6 });
    const self = `${coordinator.httpUrl}${body.links.self}`;
    const alone = await get<SweepAnswer>(self);
    expect(alone.warnings.join()).toContain('paper');
    expect(alone.unmetNeeds).toEqual([expect.stringContaining('no worker is attached')]);
    const worker = attachScriptedWorker(coordinator.grpcAddress, workerHello({ datasets: ['mnist'] }));
    await worker.take('welcome');
    expect((await get<SweepAnswer>(self)).unmetNeeds).toEqual([
      expect.stringContaining('no attached worker has dataset "eurosat"'),
    ]);
    expect((await call<{ state: string }>(`${self}/cancel`, { method: 'POST' })).body.state).toBe('CANCELLED');
    const cancelled = await get<SweepAnswer>(self);
    expect(cancelled).toMatchObject({ state: 'CANCELLED', unmetNeeds: [], etaSeconds: null });
    expect(cancelled.trials.CANCELLED).toBe(6);
    expect((await call(`${self}/cancel`, { method: 'POST' })).status).toBe(409);
    worker.drop();
  });

  it('are listed newest first, page by page, none twice and none left out', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const created = await submit(coordinator.httpUrl, noopSpec({ name: `page ${n}` }));
      await call(`${coordinator.httpUrl}${created.links.cancel}`, { method: 'POST' });
      ids.push(created.id);
    }
    const listed: string[] = [];
    let cursor = '';
    for (let page = 0; page < 4 && (page === 0 || cursor !== ''); page++) {
      const { items, next } = await get<Page<SweepListItem>>(`${api}/sweeps?limit=2${cursor}`);
      expect(items.length).toBeLessThanOrEqual(2);
      listed.push(...items.map(({ id }) => id));
      cursor = next === null ? '' : `&cursor=${next}`;
    }
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((id) => ids.includes(id))).toEqual([...ids].reverse());
  });

  it('shows trials page by page in their order, also of one state', async () => {
    const created = await submit(coordinator.httpUrl, noopSpec({ replicates: 2 }));
    const url = `${coordinator.httpUrl}${created.links.trials}`;
    const first = await get<Page<TrialAnswer>>(`${url}?limit=10`);
    expect(first.items).toHaveLength(10);
    const second = await get<Page<TrialAnswer>>(`${url}?limit=10&cursor=${first.next}`);
    expect(second).toMatchObject({ next: null });
    const all = [...first.items, ...second.items];
    expect(new Set(all.map(({ cell, replicate }) => `${cell}/${replicate}`)).size).toBe(created.plannedTrials);
    expect((await get<Page<TrialAnswer>>(`${url}?state=RUNNING`)).items).toEqual([]);
    expect((await get<Page<TrialAnswer>>(`${url}?state=QUEUED&limit=500`)).items).toHaveLength(18);
    const trial = await get(`${api}/trials/${all[0]!.id}`);
    expect(trial).toMatchObject({ ...all[0], history: [] });
    await call(`${coordinator.httpUrl}${created.links.cancel}`, { method: 'POST' });
  });
});

describe('GET /summary', () => {
  it('is what the trials say, computed again here from GET /trials', async () => {
    const created = await submit(
      coordinator.httpUrl,
      noopSpec({ replicates: 3, search: { ...noopSpec().search, include: ['fkl', 'hellinger'] } }),
    );
    await runAll(created.plannedTrials);
    await eventually(async () => {
      expect((await get<SweepAnswer>(`${api}/sweeps/${created.id}`)).state).toBe('COMPLETED');
    }, soon);
    const { items } = await get<Page<TrialAnswer>>(`${coordinator.httpUrl}${created.links.trials}?limit=500`);
    const { groups } = await get<SummaryAnswer>(`${api}/summary?sweep=${created.id}`);
    expect(groups).toHaveLength(1);
    const [group] = groups;

    const byCell = new Map<string, number[]>();
    for (const { cell, selectionValue } of items) byCell.set(cell, [...(byCell.get(cell) ?? []), selectionValue!]);
    const ranked = [...byCell]
      .map(([cell, values]) => ({ cell, ...estimateOf(values) }))
      .sort((a, b) => b.mean - a.mean);
    expect(group!.points).toBe(ranked.length);
    expect(group!.best!.cell).toBe(ranked[0]!.cell);
    expect(group!.best!.selection.n).toBe(3);
    expect(group!.best!.selection.mean).toBeCloseTo(ranked[0]!.mean, 10);
    expect(group!.best!.selection.se!).toBeCloseTo(ranked[0]!.se, 10);
    for (const [rank, runnerUp] of group!.runnersUp.entries()) {
      expect(runnerUp.cell).toBe(ranked[rank + 1]!.cell);
      expect(runnerUp.selection.mean).toBeCloseTo(ranked[rank + 1]!.mean, 10);
    }
    const fkl = group!.landmarks.find(({ name }) => name === 'fkl')!;
    expect(fkl.result!.params).toMatchObject({ alpha: 1, beta: 0 });
    expect(fkl.result!.selection.mean).toBeCloseTo(estimateOf(byCell.get(fkl.result!.cell)!).mean, 10);
    expect(group!.best!.test!.mean).toBeCloseTo(
      estimateOf(items.filter(({ cell }) => cell === ranked[0]!.cell).map(({ testValue }) => testValue!)).mean,
      10,
    );
  });

  it('filters by every name, and finds nothing for names that nothing has', async () => {
    const all = await get<SummaryAnswer>(`${api}/summary?dataset=mnist&student=cnn-s&teacher=cnn-m&objective=abkd`);
    expect(all.groups.length).toBeGreaterThan(0);
    for (const filter of ['dataset=cifar10', 'student=x', 'teacher=x', 'objective=x']) {
      expect((await get<SummaryAnswer>(`${api}/summary?${filter}`)).groups).toEqual([]);
    }
  });

  it.each([
    'datset=mnist',
    'dataset=mnist&dataset=cifar10',
    'dataset[]=mnist',
    'dataset=',
    'dataset=%00',
    'dataset=mnist%27%20OR%201=1',
    'sweep=1',
  ])('refuses ?%s', async (query) => {
    const { status, body } = await call<ProblemAnswer>(`${api}/summary?${query}`);
    expect(status).toBe(400);
    expect(body.problems!.length).toBeGreaterThan(0);
  });

  /** Answers every queued trial with values that depend on point and seed. */
  async function runAll(trials: number): Promise<void> {
    const worker = attachScriptedWorker(coordinator.grpcAddress, workerHello({ slots: 100 }));
    worker.ready(100);
    for (let n = 0; n < trials; n++) {
      const assign = await worker.take('assign');
      const { alpha, beta } = assign.params;
      const noise = ((assign.seed % 1000) + 37 * (alpha! + 3 * beta!)) % 7;
      const value = 60 - 8 * (alpha! - 0.5) ** 2 - 5 * (beta! - 0.5) ** 2 + noise / 5;
      worker.report(keyOf(assign), success(value, value - 1.5));
      expect((await worker.take('ack')).accepted).toBe(true);
    }
    worker.drop();
  }

  function estimateOf(values: readonly number[]): { readonly mean: number; readonly se: number } {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return { mean, se: Math.sqrt(variance / values.length) };
  }
});

describe('the other answers', () => {
  it('lists every dataset with what the paper chose for it', async () => {
    const { items } = await get<{ items: DatasetAnswer[] }>(`${api}/datasets`);
    const eurosat = items.find(({ name }) => name === 'eurosat')!;
    expect(eurosat).toMatchObject({ available: true, classes: 10, protocol: 'baseToNew' });
    expect(eurosat.published).toContainEqual(
      expect.objectContaining({ pair: 'clip-vit-l14 -> clip-vit-b16', alpha: 0.6, beta: 0.5 }),
    );
    expect(items.length).toBeGreaterThanOrEqual(19);
  });

  it('gives the schema of the spec', async () => {
    const schema = await get<{ required: string[] }>(`${api}/schema`);
    expect(schema.required).toEqual(expect.arrayContaining(['name', 'tasks']));
  });

  it('is healthy and ready', async () => {
    for (const probe of ['healthz', 'readyz']) {
      await eventually(async () => {
        const { status, checks } = await get<HealthAnswer>(`${coordinator.httpUrl}/${probe}`);
        expect({ status, checks }).toMatchObject({ status: 'ok', checks: { database: 'ok' } });
      }, soon);
    }
  });

  it('says nothing about what serves it, and forbids rendering, framing and sniffing', async () => {
    const { headers } = await call(`${coordinator.httpUrl}/`);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    '/nope',
    '/api/v1/nope',
    '/api/v1/sweeps/',
    '/api/v1/Sweeps',
    '/api/v1/sweeps/x',
    '/api/v1/sweeps/00000000-0000-4000-8000-000000000000',
    '/api/v1/sweeps/00000000-0000-4000-8000-000000000000/trials',
    '/api/v1/trials/00000000-0000-4000-8000-000000000000',
    '/api/v1/trials/00000000-0000-4000-8000-000000000000/measurements',
    '/api/v1/trials/%00',
    '/api/v1/../../etc/passwd',
  ])('GET %s is 404', async (path) => {
    const { status, body, headers } = await call<ProblemAnswer>(`${coordinator.httpUrl}${path}`);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    ['DELETE', '/api/v1/sweeps', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/summary', 'GET, HEAD'],
    ['GET', '/api/v1/sweeps/00000000-0000-4000-8000-000000000000/cancel', 'POST'],
    ['POST', '/readyz', 'GET, HEAD'],
  ])('%s %s is 405 with the methods that it has', async (method, path, allow) => {
    const { status, headers } = await call(`${coordinator.httpUrl}${path}`, { method });
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe(allow);
  });

  it.each([
    'sweeps?limit=0',
    'sweeps?limit=501',
    'sweeps?limit=ten',
    'sweeps?limit=1.5',
    'sweeps?limit=',
    'sweeps?cursor=-1',
    'sweeps?cursor=99999999999999999999',
    'sweeps?page=2',
    'workers?x=1',
  ])('GET %s is 400', async (path) => {
    expect((await call(`${api}/${path}`)).status).toBe(400);
  });

  it('answers a path that is not text with 400', async () => {
    expect(await rawStatus('/api/v1/sweeps/%E0%A4%A')).toBe(400);
  });

  it('refuses what a page of another site makes a browser send', async () => {
    const created = await submit(coordinator.httpUrl);
    const url = `${coordinator.httpUrl}${created.links.cancel}`;
    const from = (origin: string) => call<{ state: string }>(url, { method: 'POST', headers: { origin } });
    for (const origin of ['https://evil.example', 'null']) expect((await from(origin)).status).toBe(400);
    expect((await from(coordinator.httpUrl)).body.state).toBe('CANCELLED');
  });

  function rawStatus(path: string): Promise<number | undefined> {
    const { hostname, port } = new URL(coordinator.httpUrl);
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ hostname, port, path }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
});
