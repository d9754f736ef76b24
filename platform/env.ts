import type { z } from 'zod';
import { AbkdError } from '../core/errors.ts';

/**
 * Reads settings from the environment: every `ABKD_X` named by the schema, empty text counting as absent.
 * All wrong settings are reported at once, each with its name, value and what is expected; secrets are not shown.
 * @throws {AbkdError} BAD_CONFIG
 */
export function readEnv<Schema extends z.ZodType>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[] = [],
): z.infer<Schema> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const shown = secrets.includes(name) ? '(hidden)' : JSON.stringify(present[name]);
    return `${name} is ${present[name] === undefined ? 'not set' : shown}: ${issue.message}`;
  });
  throw new AbkdError('BAD_CONFIG', `Cannot start with these settings: ${lines.join('; ')}`);
}
