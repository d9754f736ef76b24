import { type Document, isScalar, Lexer, LineCounter, Parser, parseDocument, visit } from 'yaml';
import { AbkdError, messageOf } from '../errors.ts';
import { findJsonFault } from './json-fault.ts';
import { specLimits } from './limits.ts';

const jsonTypes: readonly string[] = ['application/json'];
const yamlTypes: readonly string[] = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** Media types in which a spec may be submitted. */
export const specContentTypes: readonly string[] = [...jsonTypes, ...yamlTypes];

/**
 * The value that the text of a document stands for, not yet checked against the schema.
 *
 * @throws {AbkdError} UNSUPPORTED_MEDIA_TYPE; PAYLOAD_TOO_LARGE above 1 MiB; BAD_REQUEST with line and column where the
 *   text is not JSON or YAML, names a key twice, or uses aliases or tags to grow beyond what it says
 */
export function readDocument(text: string, contentType: string): unknown {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase();
  if (!specContentTypes.includes(mediaType)) {
    throw new AbkdError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Cannot read spec: content type ${JSON.stringify(mediaType.slice(0, 80))}, expected one of ${specContentTypes.join(', ')}`,
    );
  }
  assertSize(text);
  return jsonTypes.includes(mediaType) ? readJson(text) : readYaml(text);
}

function assertSize(text: string): void {
  // A character has at least one byte in UTF-8 and at most three per UTF-16 unit: most texts need no encoding to know.
  if (text.length * 3 <= specLimits.bytes) return;
  const bytes = text.length > specLimits.bytes ? text.length : new TextEncoder().encode(text).byteLength;
  if (bytes <= specLimits.bytes) return;
  throw new AbkdError('PAYLOAD_TOO_LARGE', `Cannot read spec: ${bytes} bytes, expected at most ${specLimits.bytes}`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = ` at ${lineAndColumn(text, findJsonFault(text))}`;
    throw unreadable('JSON', messageOf(error).replace(/\s+/g, ' '), place, error);
  }
}

function readYaml(text: string): unknown {
  refuseDeepNesting(text);
  const lines = new LineCounter();
  // Keys are compared below: the library compares each with each, which takes minutes for a megabyte of keys.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw unreadable('YAML', fault.message, placeIn(lines, fault.pos[0]), fault);
  refuseRepeatedKeys(document, lines);
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that would expand beyond the library's bound, or nesting beyond the stack.
    throw unreadable('YAML', messageOf(error), '', error);
  }
}

/**
 * The library composes nested collections by recursion: some ten thousand brackets overflow the stack, and where that
 * happens while V8 compiles a regular expression it ends the whole process. Its tokeniser and parser do not recurse,
 * so they look first.
 */
function refuseDeepNesting(text: string): void {
  const parser = new Parser();
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > specLimits.yamlTokens)
      throw unreadable('YAML', `more than ${specLimits.yamlTokens} tokens`, '', undefined);
    Array.from(parser.next(token)); // runs the parser over the token; what it yields is not needed
    if (parser.stack.length > specLimits.yamlDepth) {
      throw unreadable('YAML', `nested more than ${specLimits.yamlDepth} levels deep`, '', undefined);
    }
  }
}

function refuseRepeatedKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) throw unreadable('YAML', 'a key is not a plain text', '', undefined);
        if (seen.has(key.value)) {
          const name = JSON.stringify(String(key.value).slice(0, 80));
          throw unreadable('YAML', `key ${name} appears twice`, placeIn(lines, key.range?.[0] ?? 0), undefined);
        }
        seen.add(key.value);
      }
    },
  });
}

function placeIn(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return ` at line ${line}, column ${col}`;
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

function unreadable(language: string, reason: string, place: string, cause: unknown): AbkdError {
  return new AbkdError('BAD_REQUEST', `Cannot read spec as ${language}${place}: ${reason.slice(0, 300)}`, { cause });
}
