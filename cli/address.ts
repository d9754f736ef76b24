import { type Client, createClient } from './client.ts';
import type { CliConfig } from './config.ts';

const defaultUrl = 'http://127.0.0.1:8080';

/** ABKD_URL, else the coordinator that runs in the home, else the default port of this machine. */
export async function findCoordinator(config: CliConfig): Promise<Client> {
  if (config.url !== null) return createClient(config.url);
  const { readRunningState } = await import('../coordinator/embedded/state.ts');
  const state = await readRunningState(config.home);
  return createClient(state?.httpUrl ?? defaultUrl);
}
