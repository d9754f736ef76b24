import type { Logger } from '../../platform/logger.ts';
import { checkpointFromWire } from '../../proto/codec/assignment.ts';
import { attemptFromWire } from '../../proto/codec/attempt.ts';
import type {
  CheckpointServiceServer,
  LoadCheckpointRequest,
  LoadCheckpointResponse,
  SaveCheckpointHeader,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { CheckpointService } from '../service/checkpoints.ts';
import { serverStream } from './handlers.ts';
import { upload } from './uploads.ts';

export function createCheckpointHandlers(checkpoints: CheckpointService, log: Logger): CheckpointServiceServer {
  return {
    saveCheckpoint: upload(log, async ({ attempt, checkpoint }: SaveCheckpointHeader, content) => {
      await checkpoints.save(attemptFromWire(attempt), checkpointFromWire(checkpoint), content);
      return {};
    }),
    loadCheckpoint: serverStream(log, (request) => loadParts(checkpoints, request)),
  };
}

async function* loadParts(
  checkpoints: CheckpointService,
  { attempt }: LoadCheckpointRequest,
): AsyncIterable<LoadCheckpointResponse> {
  for await (const chunk of await checkpoints.load(attemptFromWire(attempt))) yield { chunk: Buffer.from(chunk) };
}
