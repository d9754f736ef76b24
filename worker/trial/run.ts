import type { RunDefinition } from '../../core/task.ts';
import type { TrialRunner } from './context.ts';
import type { TrialSettings } from './settings.ts';

/** The runner for a kind of run. Loads a tensor backend only where the run needs one. */
export async function loadRunner(kind: RunDefinition['kind'], settings: TrialSettings): Promise<TrialRunner> {
  switch (kind) {
    case 'noop':
      return (await import('./noop.ts')).runNoop;
    case 'tfjs': {
      const { initBackend } = await import('../tf/backend.ts');
      await initBackend(settings.backend);
      return (await import('./tfjs.ts')).runTfjs;
    }
  }
}
