import { type DestinationStream, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Logger of a process. Writes JSON lines to standard error (standard output belongs to answers).
 * Messages are constant, identifiers are fields; secrets are removed by name.
 * @default level 'info', from ABKD_LOG_LEVEL
 */
export function createLogger(
  component: string,
  options: { readonly level?: string; readonly to?: DestinationStream } = {},
) {
  return pino(
    {
      base: { component, pid: process.pid },
      level: options.level ?? 'info',
      redact: {
        paths: ['password', 'databaseUrl', 'token', '*.password', '*.databaseUrl', '*.token'],
        censor: '(hidden)',
      },
    },
    options.to ?? pino.destination({ fd: 2, sync: true }),
  );
}
