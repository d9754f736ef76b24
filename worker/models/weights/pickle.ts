/**
 * An interpreter of Python pickles that builds data and runs nothing: it knows the opcodes of protocol 2 that plain data
 * needs, and the globals of its caller's table; any other opcode or global ends it.
 * @see https://github.com/python/cpython/blob/3.12/Lib/pickletools.py
 */
import { type ByteCursor, createByteCursor } from './byte-cursor.ts';

export type PickleValue = null | boolean | number | bigint | string | PickleValue[] | PickleObject;

/** A tuple, dict, global, or what the caller's rules make. */
export interface PickleObject {
  readonly kind: string;
}

export interface PickleTuple extends PickleObject {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

/** A dict or OrderedDict. */
export interface PickleDict extends PickleObject {
  readonly kind: 'dict';
  readonly entries: Map<PickleValue, PickleValue>;
}

/** The full name of a class or function, `torch.FloatStorage`. Only a name. */
export interface PickleGlobal extends PickleObject {
  readonly kind: 'global';
  readonly name: string;
}

/** The error for a problem; it names the place. */
export type Fail = (problem: string) => Error;

/** What a call of a global gives. */
export type PickleCall = (args: readonly PickleValue[], fail: Fail) => PickleValue;

export interface PickleRules {
  /** The globals that may be named; null for those that may not be called. */
  readonly globals: ReadonlyMap<string, PickleCall | null>;
  /** What a persistent id stands for. */
  persistent(id: PickleValue, fail: Fail): PickleObject;
  readonly fail: Fail;
}

/** Reads the pickle at `start`; `end` is the byte after it. */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  rules: PickleRules,
): { readonly value: PickleValue; readonly end: number } {
  const cursor = createByteCursor(bytes, start, rules.fail);
  const state: Omit<Step, 'fail'> = { cursor, rules, stack: [], marks: [], memo: new Map() };
  for (;;) {
    const at = cursor.offset();
    const fail: Fail = (problem) => rules.fail(`byte ${at}${entryOf(state)}: ${problem}`);
    const step: Step = { ...state, fail };
    const opcode = cursor.uint(1);
    if (opcode === stop) return { value: pop(step), end: cursor.offset() };
    const operation = operations.get(opcode);
    if (operation === undefined) throw fail(`opcode ${nameOf(opcode)}, expected one that plain data needs`);
    operation(step);
  }
}

/** The entry of the innermost dict that is under construction, for errors. */
function entryOf({ stack, marks }: Pick<Step, 'stack' | 'marks'>): string {
  const dict = stack.findLastIndex(isDict);
  const nested = marks.find((height) => height > dict + 1);
  const entries = stack.slice(dict + 1, nested);
  const key = dict < 0 ? undefined : entries.findLast((value, i) => i % 2 === 0 && typeof value === 'string');
  return key === undefined ? '' : `, in "${key}"`;
}

export function isTuple(value: PickleValue | undefined): value is PickleTuple {
  return isKind(value, 'tuple');
}

export function isDict(value: PickleValue | undefined): value is PickleDict {
  return isKind(value, 'dict');
}

export function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return isKind(value, 'global');
}

export function isKind(value: PickleValue | undefined, kind: string): value is PickleObject {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

export function createDict(): PickleDict {
  return { kind: 'dict', entries: new Map() };
}

interface Step {
  readonly cursor: ByteCursor;
  readonly rules: PickleRules;
  readonly stack: PickleValue[];
  /** Heights of the stack where a mark lies. */
  readonly marks: number[];
  readonly memo: Map<number, PickleValue>;
  readonly fail: Fail;
}

type Operation = (step: Step) => void;

const stop = 0x2e;

const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [0x80, ({ cursor, fail }) => assertProtocol(cursor.uint(1), fail)],
  // Constants and numbers.
  [0x4e, ({ stack }) => stack.push(null)],
  [0x88, ({ stack }) => stack.push(true)],
  [0x89, ({ stack }) => stack.push(false)],
  [0x4a, ({ stack, cursor }) => stack.push(cursor.int32())],
  [0x4b, ({ stack, cursor }) => stack.push(cursor.uint(1))],
  [0x4d, ({ stack, cursor }) => stack.push(cursor.uint(2))],
  [0x47, ({ stack, cursor }) => stack.push(cursor.float64())],
  [0x8a, ({ stack, cursor }) => stack.push(longOf(cursor.take(cursor.uint(1))))],
  // Text: unicode, and the byte strings of Python 2.
  [0x58, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint(4)))],
  [0x54, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint(4)))],
  [0x55, ({ stack, cursor }) => stack.push(cursor.text(cursor.uint(1)))],
  // Containers.
  [0x28, ({ stack, marks }) => marks.push(stack.length)],
  [0x29, ({ stack }) => stack.push(tuple([]))],
  [0x85, (step) => step.stack.push(tuple(popSeveral(step, 1)))],
  [0x86, (step) => step.stack.push(tuple(popSeveral(step, 2)))],
  [0x87, (step) => step.stack.push(tuple(popSeveral(step, 3)))],
  [0x74, (step) => step.stack.push(tuple(popToMark(step)))],
  [0x5d, ({ stack }) => stack.push([])],
  [0x61, (step) => append(step, popSeveral(step, 1))],
  [0x65, (step) => append(step, popToMark(step))],
  [0x7d, ({ stack }) => stack.push(createDict())],
  [0x73, (step) => setItems(step, popSeveral(step, 2))],
  [0x75, (step) => setItems(step, popToMark(step))],
  // The memo.
  [0x71, (step) => step.memo.set(step.cursor.uint(1), top(step))],
  [0x72, (step) => step.memo.set(step.cursor.uint(4), top(step))],
  [0x68, (step) => recall(step, step.cursor.uint(1))],
  [0x6a, (step) => recall(step, step.cursor.uint(4))],
  // Objects.
  [0x63, nameGlobal],
  [0x52, call],
  [0x62, ignoreAttributes],
  [0x51, (step) => step.stack.push(step.rules.persistent(pop(step), step.fail))],
]);

/** Names for opcodes that are refused, as pickletools has them. */
const refusedNames: Readonly<Record<number, string>> = {
  48: 'POP',
  49: 'POP_MARK',
  70: 'FLOAT',
  73: 'INT',
  76: 'LONG',
  80: 'PERSID',
  83: 'STRING',
  86: 'UNICODE',
  105: 'INST',
  111: 'OBJ',
  129: 'NEWOBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  140: 'SHORT_BINUNICODE',
  146: 'NEWOBJ_EX',
  147: 'STACK_GLOBAL',
  149: 'FRAME',
};

function nameOf(opcode: number): string {
  const hex = `0x${opcode.toString(16).padStart(2, '0')}`;
  const name = refusedNames[opcode];
  return name === undefined ? hex : `${name} (${hex})`;
}

function assertProtocol(version: number, fail: Fail): void {
  if (version !== 2) throw fail(`pickle protocol ${version}, expected 2`);
}

function nameGlobal({ stack, cursor, rules, fail }: Step): void {
  const name = `${cursor.line()}.${cursor.line()}`;
  if (!rules.globals.has(name)) {
    throw fail(`global ${JSON.stringify(name)}, expected one of ${[...rules.globals.keys()].join(', ')}`);
  }
  stack.push({ kind: 'global', name } as PickleGlobal);
}

function call(step: Step): void {
  const [callee, args] = popSeveral(step, 2);
  if (!isGlobal(callee) || !isTuple(args)) throw step.fail('a call of something other than a global with a tuple');
  const called = step.rules.globals.get(callee.name) ?? null;
  if (called === null) throw step.fail(`a call of ${callee.name}, expected only its name`);
  step.stack.push(called(args.items, step.fail));
}

/** An OrderedDict may carry attributes, as the `_metadata` of a state dict. They are no weights. */
function ignoreAttributes(step: Step): void {
  pop(step);
  if (!isDict(top(step))) throw step.fail('attributes of something other than a dict');
}

function append(step: Step, items: readonly PickleValue[]): void {
  const list = top(step);
  if (!Array.isArray(list)) throw step.fail('items for something other than a list');
  for (const item of items) list.push(item);
}

function setItems(step: Step, items: readonly PickleValue[]): void {
  const dict = top(step);
  if (!isDict(dict) || items.length % 2 !== 0) throw step.fail('pairs for something other than a dict');
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
}

function recall(step: Step, index: number): void {
  const value = step.memo.get(index);
  if (value === undefined) throw step.fail(`memo entry ${index}, which nothing was stored in`);
  step.stack.push(value);
}

function tuple(items: readonly PickleValue[]): PickleTuple {
  return { kind: 'tuple', items };
}

function top({ stack, marks, fail }: Step): PickleValue {
  const value = stack.at(-1);
  if (value === undefined || stack.length <= (marks.at(-1) ?? 0)) throw fail('a value where the stack has none');
  return value;
}

function pop(step: Step): PickleValue {
  const value = top(step);
  step.stack.pop();
  return value;
}

function popSeveral(step: Step, count: number): PickleValue[] {
  return Array.from({ length: count }, () => pop(step)).reverse();
}

function popToMark({ stack, marks, fail }: Step): PickleValue[] {
  const height = marks.pop();
  if (height === undefined) throw fail('a mark where there is none');
  return stack.splice(height);
}

/** Two's complement, little-endian; a number where it is exact. */
function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}
