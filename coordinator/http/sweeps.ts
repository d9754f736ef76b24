import express, { type RequestHandler, type Router } from 'express';
import { specContentTypes } from '../../core/spec/document.ts';
import { specLimits } from '../../core/spec/limits.ts';
import type { PointService } from '../service/points.ts';
import type { SweepService } from '../service/sweeps.ts';
import type { TrialService } from '../service/trials.ts';
import {
  noQuery,
  readBody,
  readQuery,
  readSweepId,
  rerunBody,
  sourceListQuery,
  sweepListQuery,
  taskListQuery,
  trialListQuery,
} from './query.ts';
import { addRoute, sendJson } from './route.ts';

export function addSweepRoutes(
  router: Router,
  { sweeps, trials, points }: { sweeps: SweepService; trials: TrialService; points: PointService },
): void {
  addRoute(router, '/sweeps', {
    get: async (request, response) => {
      const { cursor, limit } = readQuery(sweepListQuery, request);
      sendJson(response, await sweeps.list({ before: cursor ?? null, limit }));
    },
    post: [readSpecBody, createSweep(sweeps)],
  });
  addRoute(router, '/sweeps/:id', {
    get: async (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, await sweeps.get(readSweepId(request)));
    },
  });
  addRoute(router, '/sweeps/:id/trials', {
    get: async (request, response) => {
      const { cursor, limit, state } = readQuery(trialListQuery, request);
      const query = { after: cursor ?? null, limit, state: state ?? null };
      sendJson(response, await trials.list(readSweepId(request), query));
    },
  });
  addRoute(router, '/sweeps/:id/points', {
    get: async (request, response) => {
      const { cursor, limit } = readQuery(taskListQuery, request);
      sendJson(response, await points.list(readSweepId(request), { after: cursor ?? null, limit }));
    },
  });
  addRoute(router, '/sweeps/:id/steps', {
    get: async (request, response) => {
      const { cursor, limit } = readQuery(taskListQuery, request);
      sendJson(response, await points.listSteps(readSweepId(request), { after: cursor ?? null, limit }));
    },
  });
  addRoute(router, '/sweeps/:id/sources', {
    get: async (request, response) => {
      const { cursor, limit } = readQuery(sourceListQuery, request);
      sendJson(response, await sweeps.listSources(readSweepId(request), { after: cursor ?? null, limit }));
    },
  });
  addRoute(router, '/sweeps/:id/cancel', { post: [cancelSweep(sweeps)] });
  addRoute(router, '/sweeps/:id/rerun', { post: [readSmallBody, rerunSweep(sweeps)] });
}

/** Compressed bodies are refused: their size is not known before they have been unpacked. */
const readSpecBody = express.text({ type: [...specContentTypes], limit: specLimits.bytes, inflate: false });

const readSmallBody = express.json({ limit: '1kb', inflate: false });

function createSweep(sweeps: SweepService): RequestHandler {
  return async (request, response) => {
    readQuery(noQuery, request);
    // The body reader leaves alone what is not of an accepted type, or empty.
    const document = typeof request.body === 'string' ? request.body : '';
    const created = await sweeps.create(document, request.get('content-type') ?? '');
    response.location(created.links.self);
    sendJson(response, created, 201);
  };
}

function cancelSweep(sweeps: SweepService): RequestHandler {
  return async (request, response) => {
    readQuery(noQuery, request);
    const id = readSweepId(request);
    sendJson(response, { id, state: await sweeps.cancel(id) });
  };
}

function rerunSweep(sweeps: SweepService): RequestHandler {
  return async (request, response) => {
    readQuery(noQuery, request);
    const { which } = readBody(rerunBody, request);
    sendJson(response, await sweeps.rerun(readSweepId(request), which));
  };
}
