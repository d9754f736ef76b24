type Expected = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'after';

const space = /[ \t\r\n]*/y;
const scalar =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a JSON string may not hold them
  /(?:"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/**
 * Offset of the first character that makes the text invalid JSON; its length where it only ends too early. For texts
 * that JSON.parse refused: its own messages name no place that is the same in every engine.
 */
export function findJsonFault(text: string): number {
  const closers: string[] = [];
  let expected: Expected = 'value';
  let at = skip(space, text, 0);
  while (at < text.length) {
    const start = at;
    const character = text[at]!;
    if (character === closers.at(-1) && (expected === 'after' || expected.startsWith('first'))) {
      closers.pop();
      expected = 'after';
      at += 1;
    } else if (expected === 'after' || expected === 'colon') {
      if (character !== (expected === 'colon' ? ':' : ',') || closers.length === 0) return start;
      expected = expected === 'colon' || closers.at(-1) === ']' ? 'value' : 'key';
      at += 1;
    } else if (expected === 'key' || expected === 'firstKey') {
      at = character === '"' ? skip(scalar, text, at) : at;
      expected = 'colon';
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']');
      expected = character === '{' ? 'firstKey' : 'firstValue';
      at += 1;
    } else {
      at = skip(scalar, text, at);
      expected = 'after';
    }
    if (at === start) return start;
    at = skip(space, text, at);
  }
  return text.length;
}

/** The offset behind what the sticky pattern matches at `at`; `at` itself where it matches nothing. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
