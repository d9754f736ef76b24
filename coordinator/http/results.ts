import type { Request, Router } from 'express';
import { specJsonSchema } from '../../core/spec/schema.ts';
import { listDatasets } from '../service/datasets.ts';
import type { SummaryService } from '../service/summary.ts';
import type { TrialService } from '../service/trials.ts';
import type { WorkerService } from '../service/workers.ts';
import type { SummaryFilter } from '../store/store.ts';
import { noQuery, readQuery, readTrialId, summaryQuery } from './query.ts';
import { addRoute, sendJson } from './route.ts';

/** What came out of trials. */
export function addResultRoutes(router: Router, trials: TrialService, summary: SummaryService): void {
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
