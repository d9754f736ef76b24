import { resolve } from 'node:path';
import { z } from 'zod';
import { readEnv } from '../platform/env.ts';

/** Settings of a coordinator, checked and complete. */
export interface CoordinatorConfig {
  /** Address to bind, for both ports. */
  readonly host: string;
  /** 0 = any free port. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Secret. */
  readonly databaseUrl: string;
  /** Secret; null = no NATS. */
  readonly natsUrl: string | null;
  /** Folder of trained teachers and checkpoints; coordinators of one fleet share it. */
  readonly artifactsDir: string;
  /** How long a worker holds a trial without renewing. */
  readonly leaseMs: number;
  /** How often workers renew. */
  readonly renewMs: number;
  /** How often a coordinator looks for work and changes that no wake-up told it of. */
  readonly pollMs: number;
  readonly logLevel: string;
}

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const seconds = z.coerce.number().min(0.1).max(86_400);

const settingsSchema = z
  .object({
    ABKD_HOST: z.string().default('127.0.0.1'),
    ABKD_HTTP_PORT: port(8080),
    ABKD_GRPC_PORT: port(50051),
    DATABASE_URL: z
      .string('expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE (`abkd up` brings a database of its own)')
      .regex(/^postgres(ql)?:\/\//, 'expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE'),
    NATS_URL: z
      .string()
      .regex(/^(nats|tls):\/\//, 'expected nats://HOST:PORT')
      .optional(),
    ABKD_ARTIFACTS: z.string().default('./.abkd/artifacts'),
    ABKD_LEASE_SECONDS: seconds.default(30),
    ABKD_RENEW_SECONDS: seconds.default(10),
    ABKD_POLL_SECONDS: z.coerce.number().min(0.05).max(60).default(1),
    ABKD_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  .refine((settings) => settings.ABKD_RENEW_SECONDS * 2 <= settings.ABKD_LEASE_SECONDS, {
    path: ['ABKD_RENEW_SECONDS'],
    error: 'expected at most half of ABKD_LEASE_SECONDS, so that one lost renewal costs nothing',
  });

/**
 * Settings from the environment.
 * @throws {AbkdError} BAD_CONFIG naming every wrong setting, its value and what is expected
 */
export function readCoordinatorConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): CoordinatorConfig {
  const settings = readEnv(settingsSchema, env, ['DATABASE_URL', 'NATS_URL']);
  return Object.freeze({
    host: settings.ABKD_HOST,
    httpPort: settings.ABKD_HTTP_PORT,
    grpcPort: settings.ABKD_GRPC_PORT,
    databaseUrl: settings.DATABASE_URL,
    natsUrl: settings.NATS_URL ?? null,
    artifactsDir: resolve(settings.ABKD_ARTIFACTS),
    leaseMs: Math.round(settings.ABKD_LEASE_SECONDS * 1000),
    renewMs: Math.round(settings.ABKD_RENEW_SECONDS * 1000),
    pollMs: Math.round(settings.ABKD_POLL_SECONDS * 1000),
    logLevel: settings.ABKD_LOG_LEVEL,
  });
}
