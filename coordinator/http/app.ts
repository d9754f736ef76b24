import express, { type Express, type RequestHandler, Router } from 'express';
import { AbkdError } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { HealthService } from '../service/health.ts';
import type { PointService } from '../service/points.ts';
import type { SummaryService } from '../service/summary.ts';
import type { SurfaceService } from '../service/surfaces.ts';
import type { SweepService } from '../service/sweeps.ts';
import type { TrialService } from '../service/trials.ts';
import type { WorkerService } from '../service/workers.ts';
import { createErrorHandler } from './errors.ts';
import { addProbeRoutes } from './probes.ts';
import { addFleetRoutes, addResultRoutes } from './results.ts';
import { addSweepRoutes } from './sweeps.ts';

export interface AppOptions {
  readonly sweeps: SweepService;
  readonly trials: TrialService;
  readonly points: PointService;
  readonly summary: SummaryService;
  readonly surfaces: SurfaceService;
  readonly workers: WorkerService;
  readonly health: HealthService;
  /** Aborts when the coordinator stops: it is not ready any more. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** The REST interface. Every answer is JSON, every error problem+json. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders, refuseOtherSites);
  app.use('/api/v1', apiRoutes(options));
  const probes = Router(strict);
  addProbeRoutes(probes, options.health, options.stopping);
  app.use(probes);
  app.use((request) => {
    throw new AbkdError('NOT_FOUND', `Cannot find path ${JSON.stringify(request.path.slice(0, 200))}`);
  });
  app.use(createErrorHandler(options.log));
  return app;
}

/** One address per thing. */
const strict = { strict: true, caseSensitive: true };

function apiRoutes({ sweeps, trials, points, summary, surfaces, workers }: AppOptions): Router {
  const router = Router(strict);
  addSweepRoutes(router, { sweeps, trials, points });
  addResultRoutes(router, { trials, summary, surfaces });
  addFleetRoutes(router, workers);
  return router;
}

/** Answers are data: never to be rendered, framed, sniffed or kept. */
const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
};

/** A page of another site can make a browser on this machine send a POST; browsers say where such a request is from. */
const refuseOtherSites: RequestHandler = (request, _response, next) => {
  const origin = request.get('origin');
  if (request.method === 'GET' || request.method === 'HEAD' || origin === undefined) return next();
  const host = request.get('host') ?? '';
  if (URL.canParse(origin) && new URL(origin).host === host) return next();
  throw new AbkdError('BAD_REQUEST', `Cannot accept request from a page of ${origin.slice(0, 100)}: expected ${host}`);
};
