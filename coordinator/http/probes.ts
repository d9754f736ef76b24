import type { Response, Router } from 'express';
import type { HealthAnswer } from '../../core/api/fleet.ts';
import { packageVersion } from '../../platform/version.ts';
import type { HealthService } from '../service/health.ts';
import { addRoute, sendJson } from './route.ts';

/**
 * `/healthz`: the process works, with what is wrong around it; restarting it would not help, hence always 200.
 * `/readyz`: 200 where requests should be sent here, 503 without the database and while stopping.
 */
export function addProbeRoutes(router: Router, health: HealthService, stopping: AbortSignal): void {
  addRoute(router, '/healthz', { get: async (_request, response) => sendHealth(response, await health.check(), 200) });
  addRoute(router, '/readyz', {
    get: async (_request, response) => {
      const answer = await health.check();
      const ready = answer.status !== 'unavailable' && !stopping.aborted;
      sendHealth(response, stopping.aborted ? stoppingAnswer : answer, ready ? 200 : 503);
    },
  });
  addRoute(router, '/', { get: (_request, response) => sendJson(response, index) });
}

const stoppingAnswer: HealthAnswer = { status: 'unavailable', checks: { coordinator: 'stopping' } };

const index = {
  name: 'abkd-sweep',
  version: packageVersion,
  links: {
    sweeps: '/api/v1/sweeps',
    summary: '/api/v1/summary',
    datasets: '/api/v1/datasets',
    workers: '/api/v1/workers',
    schema: '/api/v1/schema',
    health: '/healthz',
    ready: '/readyz',
  },
};

function sendHealth(response: Response, answer: HealthAnswer, status: number): void {
  sendJson(response, answer, status);
}
