import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { cannotListen, type ListenAddress } from '../listen-error.ts';

/** Largest message in either direction. Uploads and downloads travel in chunks below it. */
export const maxMessageBytes = 4 * 1024 * 1024;

/**
 * A server that notices peers which vanished without a word: HTTP/2 pings every 10 s, connections without an answer
 * after 5 s more are dropped, well within one lease.
 */
export function createGrpcServer(): Server {
  // The library writes plain lines to standard error about what it also returns as errors.
  setLogVerbosity(logVerbosity.NONE);
  return new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.max_concurrent_streams': 1_000,
  });
}

/**
 * Binds and serves; returns the port. Port 0 means any free one.
 * @throws {AbkdError} CONFLICT where the port is taken, BAD_CONFIG where it cannot be bound otherwise
 */
export function listenGrpc(server: Server, wanted: ListenAddress): Promise<number> {
  const { host, port } = wanted;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(cannotListen(wanted, error));
    });
  });
}

/** Lets running calls end for `graceMs`, then cuts them off. */
export function stopGrpc(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
