import { AbkdError, messageOf } from '../core/errors.ts';

/** Where a server should listen, and the setting that says so. */
export interface ListenAddress {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Name of the setting of the port, for the error: `ABKD_HTTP_PORT`. */
  readonly setting: string;
}

/** Why a server could not bind: CONFLICT where the port is taken, else BAD_CONFIG. */
export function cannotListen({ host, port, setting }: ListenAddress, cause: Error): AbkdError {
  const action = `Cannot listen on ${host}:${port}`;
  const isTaken = messageOf(cause).includes('EADDRINUSE');
  if (isTaken) {
    const message = `${action}: another program has this port, expected a free one; set ${setting} (0 = any)`;
    return new AbkdError('CONFLICT', message, { cause });
  }
  return new AbkdError('BAD_CONFIG', `${action} (${setting}): ${messageOf(cause)}`, { cause });
}
