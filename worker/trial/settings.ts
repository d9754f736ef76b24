import { z } from 'zod';

/** What the agent tells a trial process when it starts it: its only argument, as JSON. */
const trialSettingsSchema = z.strictObject({
  /** Backend to use: `auto` or one of those that `abkd doctor` lists. */
  backend: z.string(),
  /** Folder with one folder per dataset. */
  dataDir: z.string(),
  /** Bound of the host's cache folder. */
  cacheBytes: z.number().nonnegative(),
  /** Folder for files on their way to the agent. */
  outgoingDir: z.string(),
  /** Time between two checkpoints of a trial, milliseconds; 0 = one after every step. */
  checkpointMs: z.number().min(0),
});

export type TrialSettings = z.infer<typeof trialSettingsSchema>;

/** @throws where the argument is missing or is not the JSON that this version writes */
export function readTrialSettings(argument: string | undefined): TrialSettings {
  return trialSettingsSchema.parse(JSON.parse(argument ?? 'null'));
}
