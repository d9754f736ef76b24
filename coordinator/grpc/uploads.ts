import type { handleClientStreamingCall } from '@grpc/grpc-js';
import { AbkdError } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { toGrpcStatus } from './errors.ts';

/** A message of an upload: a header first, then chunks of the content. */
interface UploadPart<Header> {
  readonly part?:
    | { readonly $case: 'header'; readonly value: Header }
    | { readonly $case: 'chunk'; readonly value: Buffer }
    | undefined;
}

/** An upload as a function from header and content to answer; what it throws becomes the call's status. */
export function upload<Header, Answer>(
  log: Logger,
  receive: (header: Header, content: AsyncIterable<Uint8Array>) => Promise<Answer>,
): handleClientStreamingCall<UploadPart<Header>, Answer> {
  return (call, callback) => {
    const parts: AsyncIterator<UploadPart<Header>> = call[Symbol.asyncIterator]();
    const answer = async () => receive(headerOf(await parts.next()), chunksOf(parts));
    answer().then(
      (value) => callback(null, value),
      (error) => callback(toGrpcStatus(error, log)),
    );
  };
}

function headerOf<Header>(first: IteratorResult<UploadPart<Header>>): Header {
  if (first.done !== true && first.value.part?.$case === 'header') return first.value.part.value;
  throw new AbkdError('BAD_REQUEST', 'Cannot receive upload: the first message has no header');
}

/** A sender that goes away makes the iterator throw, so half a content is never taken for the whole. */
async function* chunksOf<Header>(parts: AsyncIterator<UploadPart<Header>>): AsyncIterable<Uint8Array> {
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
    const { part } = next.value;
    if (part?.$case !== 'chunk') {
      throw new AbkdError('BAD_REQUEST', 'Cannot receive upload: expected a chunk after the header');
    }
    yield part.value;
  }
}
