import type { Request, Router } from 'express';
import { specJsonSchema } from '../../core/spec/schema.ts';
import { listDatasets } from '../service/datasets.ts';
import type { SummaryService } from '../service/summary.ts';
import type { SurfaceService } from '../service/surfaces.ts';
import type { TrialService } from '../service/trials.ts';
import type { WorkerService } from '../service/workers.ts';
import type { SummaryFilter } from '../store/store.ts';
import { noQuery, readQuery, readSweepId, readTrialId, summaryQuery, surfaceQuery } from './query.ts';
import { addRoute, sendJson } from './route.ts';

/** What came out of trials. */
export function addResultRoutes(
  router: Router,
  { trials, summary, surfaces }: { trials: TrialService; summary: SummaryService; surfaces: SurfaceService },
): void {
  addRoute(router, '/trials/:id', {
    get: async (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, await trials.get(readTrialId(request)));
    },
  });
  addRoute(router, '/trials/:id/measurements', {
    get: async (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, await trials.measurements(readTrialId(request)));
    },
  });
  addRoute(router, '/sweeps/:id/surface', {
    get: async (request, response) => {
      const { task = null } = readQuery(surfaceQuery, request);
      sendJson(response, await surfaces.read(readSweepId(request), task));
    },
  });
  addRoute(router, '/summary', {
    get: async (request, response) => sendJson(response, await summary.read(readFilter(request))),
  });
}

function readFilter(request: Request): SummaryFilter {
  const { dataset, student, teacher, sweep, objective } = readQuery(summaryQuery, request);
  return {
    ...(dataset === undefined ? {} : { dataset }),
    ...(student === undefined ? {} : { student }),
    ...(teacher === undefined ? {} : { teacher }),
    ...(sweep === undefined ? {} : { sweep }),
    ...(objective === undefined ? {} : { objective }),
  };
}

/** What can be run, and where. */
export function addFleetRoutes(router: Router, workers: WorkerService): void {
  addRoute(router, '/datasets', {
    get: async (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, { items: await listDatasets(workers), next: null });
    },
  });
  addRoute(router, '/workers', {
    get: async (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, { items: await workers.list(), next: null });
    },
  });
  addRoute(router, '/schema', {
    get: (request, response) => {
      readQuery(noQuery, request);
      sendJson(response, specJsonSchema());
    },
  });
}
