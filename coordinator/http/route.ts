import type { Request, RequestHandler, Response, Router } from 'express';
import { methodNotAllowed } from './errors.ts';

type Handler = (request: Request, response: Response) => void | Promise<void>;

export interface Methods {
  readonly get?: Handler;
  readonly post?: readonly RequestHandler[];
}

/** Serves a path; a method that it does not have is answered 405 with those that it has. */
export function addRoute(router: Router, path: string, { get, post }: Methods): void {
  const route = router.route(path);
  if (get !== undefined) route.get(get);
  if (post !== undefined) route.post(...post);
  const allow = [...(get === undefined ? [] : ['GET', 'HEAD']), ...(post === undefined ? [] : ['POST'])].join(', ');
  route.all((request) => {
    throw methodNotAllowed(request.method, allow);
  });
}

export function sendJson(response: Response, answer: unknown, status = 200): void {
  response.status(status).type('application/json').send(JSON.stringify(answer));
}
