/**
 * A program that does a bench's work when asked, in a process of its own: its memory is its own, it has one backend,
 * and it can take turns with another one. One JSON object a line each way; the program speaks first, when it is ready.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';

export interface Contestant extends AsyncDisposable {
  /** The next line of the program, in answer to `request`. @throws {Error} with the program's own reason */
  ask<Reply>(request: object, reply: z.ZodType<Reply>): Promise<Reply>;
  /** The line that says it is ready. */
  ready<Reply>(reply: z.ZodType<Reply>): Promise<Reply>;
}

/** Every library's threads: TensorFlow's two pools, OpenMP's, MKL's. */
const oneThread = {
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
  OMP_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
};
/** Otherwise TensorFlow reports at every start what it was compiled for. */
const quiet = { TF_CPP_MIN_LOG_LEVEL: '2' };

/** Lines of standard error that are kept to explain an end. */
const keptLines = 20;

const failureSchema = z.object({ error: z.string() });

/** Starts the program; `work` is its last argument, as JSON. It computes with one thread. */
export function startContestant(command: string, args: readonly string[], work: object): Contestant {
  const child = spawn(command, [...args, JSON.stringify(work)], {
    env: { ...process.env, ...oneThread, ...quiet },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    complaints.push(line);
    if (complaints.length > keptLines) complaints.shift();
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (code, signal) => {
      const ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
      resolve([`it ended with ${ending}`, ...complaints.slice(-1)].join(': '));
    });
  });
  // Its end is told by `ended`; a request to a program that is gone must not throw besides.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const nextReply = async <Reply>(schema: z.ZodType<Reply>): Promise<Reply> => {
    for (;;) {
      const { value: line, done } = await lines.next();
      if (done) throw new Error(await ended);
      // Libraries print too.
      if (!line.startsWith('{')) continue;
      const reply: unknown = JSON.parse(line);
      const failure = failureSchema.safeParse(reply);
      if (failure.success) throw new Error(failure.data.error);
      return schema.parse(reply);
    }
  };
  return {
    ready: nextReply,
    ask: (request, schema) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return nextReply(schema);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
