import { resolve } from 'node:path';
import { z } from 'zod';
import { readEnv } from '../platform/env.ts';

/** Settings of the command line itself; the parts that it starts read their own. */
export interface CliConfig {
  /** The coordinator that ABKD_URL names; null where the default applies. */
  readonly url: string | null;
  /** Home of `abkd up`, absolute. */
  readonly home: string;
  /** Folder of the datasets. */
  readonly dataDir: string;
  /** Stack traces are shown. */
  readonly debug: boolean;
  /** The user wants no colours (NO_COLOR is set, or the terminal has none). */
  readonly plain: boolean;
  /** How the user calls this program, for hints. */
  readonly program: string;
}

const settingsSchema = z.object({
  ABKD_URL: z.url({ protocol: /^https?$/, error: 'expected http://HOST:PORT' }).optional(),
  ABKD_HOME: z.string().default('./.abkd'),
  ABKD_DATA_DIR: z.string().default('./data'),
  ABKD_LOG_LEVEL: z.string().optional(),
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
  npm_lifecycle_event: z.string().optional(),
});

/** @throws {AbkdError} BAD_CONFIG */
export function readCliConfig(env = process.env, script = process.argv[1]): CliConfig {
  const settings = readEnv(settingsSchema, env);
  return Object.freeze({
    url: settings.ABKD_URL?.replace(/\/+$/, '') ?? null,
    home: resolve(settings.ABKD_HOME),
    dataDir: resolve(settings.ABKD_DATA_DIR),
    debug: settings.ABKD_LOG_LEVEL === 'debug' || settings.ABKD_LOG_LEVEL === 'trace',
    plain: settings.NO_COLOR !== undefined || settings.TERM === 'dumb',
    program: programName(settings.npm_lifecycle_event !== undefined, script),
  });
}

/** The environment with settings that the command line gives in their place; undefined = not given. */
export function environmentWith(
  given: Readonly<Record<string, string | undefined>>,
  env = process.env,
): Readonly<Record<string, string | undefined>> {
  return { ...env, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** Inside a checkout the program is run by npm; installed, by its name. */
function programName(underNpm: boolean, script: string | undefined): string {
  return underNpm || script?.endsWith('.js') ? 'npm run -s abkd --' : 'abkd';
}
