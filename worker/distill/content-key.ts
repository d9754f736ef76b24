import { createHash } from 'node:crypto';

/** `<kind>:<sha256 of the content's JSON>`: equal content gives equal keys. Order the fields the same way everywhere. */
export function contentKey(kind: string, content: unknown): string {
  return `${kind}:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
}
