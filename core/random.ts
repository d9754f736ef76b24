import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * The only source of random numbers: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47(4), 2021), seeded through SHA-256. The same seed gives the same numbers on every machine.
 */
export interface Random {
  /** Uniform on [0, 1), 53 random bits; consumes two 32-bit words. */
  uniform(): number;
  /** Uniform on 0 .. n - 1, without modulo bias; n from 1 to 2^32. */
  integer(n: number): number;
  /** Standard normal (mean 0, variance 1), by Box and Muller; consumes two uniforms. */
  normal(): number;
  /** A uniform permutation of 0 .. n - 1 (Fisher and Yates). */
  permutation(n: number): Uint32Array;
  /** A generator of its own for a labelled purpose. It does not depend on what this one has drawn, nor disturb it. */
  split(...label: readonly SeedPart[]): Random;
}

/** What seeds are derived from. Numbers are finite. */
export type SeedPart = string | number;

/** A generator for an unsigned 32-bit seed. */
export function createRandom(seed: number): Random {
  return randomFor([seed]);
}

/** An unsigned 32-bit seed that depends on every part and on their order: the first 4 bytes of their SHA-256. */
export function deriveSeed(...parts: readonly SeedPart[]): number {
  return words(parts, 1)[0]!;
}

/**
 * Unsigned 32-bit words by place instead of by turn: the word at an index, 0 to 2^32 - 1, depends on the parts and the
 * index alone. Two keyed rounds of the finaliser of MurmurHash3 (Appleby, public domain), which is a bijection with
 * full avalanche: cheap enough to call for every image of every epoch.
 */
export function wordsAt(...parts: readonly SeedPart[]): (index: number) => number {
  const [first, second] = words(parts, 2) as unknown as readonly [number, number];
  return (index) => murmurMix(murmurMix(index ^ first) ^ second);
}

/** xoshiro128**: each call gives the next unsigned 32-bit word. The state must not be all zero. */
export function xoshiro128(state: Uint32Array): () => number {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

function randomFor(parts: readonly SeedPart[]): Random {
  const next = xoshiro128(words(parts, 4));
  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53;
  const integer = (n: number) => integerBelow(n, next);
  return {
    uniform,
    integer,
    // 1 - u lies in (0, 1], so the logarithm is finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (n) => shuffledRange(n, integer),
    split: (...label) => randomFor([...parts, ...label]),
  };
}

/** Words at or above the largest multiple of n are drawn again: what is left divides evenly. */
function integerBelow(n: number, next: () => number): number {
  if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
    throw new RangeError(`Cannot draw an integer below ${n}: expected a whole number from 1 to 2^32`);
  }
  const limit = 2 ** 32 - (2 ** 32 % n);
  for (;;) {
    const word = next();
    if (word < limit) return word % n;
  }
}

function shuffledRange(n: number, integer: (n: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const other = integer(last + 1);
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/** The first `count` big-endian words of the SHA-256 of the parts as a JSON array: unambiguous, 1 differs from "1". */
function words(parts: readonly SeedPart[], count: number): Uint32Array {
  const digest = sha256(utf8ToBytes(JSON.stringify(parts)));
  const view = new DataView(digest.buffer, digest.byteOffset);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(4 * index));
}

function murmurMix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
