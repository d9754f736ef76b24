import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotListen, type ListenAddress } from '../../platform/listen-error.ts';
import { type AppOptions, createApp } from './app.ts';

export interface HttpServer {
  /** The port that was bound. */
  readonly port: number;
  /** Refuses new connections, lets running requests end for a while, then cuts them off. */
  stop(): Promise<void>;
}

/** Time that running requests have to end by themselves, milliseconds. */
const graceMs = 2_000;

/** @throws {AbkdError} CONFLICT where the port is taken, BAD_CONFIG where it cannot be bound otherwise */
export async function startHttpServer(
  options: AppOptions & { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const server = createServer(
    {
      // A client that sends a byte now and then does not hold a connection for long.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    createApp(options),
  );
  await listen(server, { ...options, setting: 'ABKD_HTTP_PORT' });
  return { port: (server.address() as AddressInfo).port, stop: () => stop(server) };
}

function listen(server: Server, wanted: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(cannotListen(wanted, error));
    server.once('error', failed);
    server.listen(wanted.port, wanted.host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
