/** Texts, flags, numbers of the sizes the protocol has, and words out of a list. */
import { type Codec, DecodeFault, expectKind, type Reading } from './codec.ts';
import type { JsonNode } from './json-node.ts';
import { printString } from './print-json.ts';

export const text: Codec<string> = {
  typeName: 'string',
  zero: () => '',
  isZero: (value) => value === '',
  read: (node, reading) => (expectKind(node, 'string', 'string', reading) ? node.text : ''),
  print: printString,
};

export const flag: Codec<boolean> = {
  typeName: 'bool',
  zero: () => false,
  isZero: (value) => !value,
  read: (node, reading) => expectKind(node, 'bool', 'bool', reading) && node.text === 'true',
  print: String,
};

/** 64 bits hold more than a number of this language does. */
export const int64: Codec<bigint> = wide('int64', -(2n ** 63n), 2n ** 63n - 1n);
export const uint64: Codec<bigint> = wide('uint64', 0n, 2n ** 64n - 1n);
/** Nanoseconds. */
export const duration: Codec<bigint> = wide('time.Duration', -(2n ** 63n), 2n ** 63n - 1n);

/** A count or a limit that memory bounds: held exactly, or refused. */
export const int: Codec<number> = narrow('int', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const int32: Codec<number> = narrow('int32', -(2 ** 31), 2 ** 31 - 1);

function wide(typeName: string, least: bigint, most: bigint): Codec<bigint> {
  return {
    typeName,
    zero: () => 0n,
    isZero: (value) => value === 0n,
    read: (node, reading) => readWhole(node, typeName, least, most, reading),
    print: String,
  };
}

function narrow(typeName: string, least: number, most: number): Codec<number> {
  return {
    typeName,
    zero: () => 0,
    isZero: (value) => value === 0,
    read: (node, reading) => Number(readWhole(node, typeName, BigInt(least), BigInt(most), reading)),
    print: String,
  };
}

/** Longer ones are out of every range, and slow to convert. */
const DIGITS_MAX = 25;

function readWhole(node: JsonNode, typeName: string, least: bigint, most: bigint, reading: Reading): bigint {
  if (!expectKind(node, 'number', typeName, reading)) return 0n;
  const isWhole = /^-?\d+$/.test(node.text) && node.text.length <= DIGITS_MAX;
  const value = isWhole ? BigInt(node.text) : null;
  if (value === null || value < least || value > most) throw reading.mismatch(node, typeName, true);
  return value;
}

export interface WordOptions<Word extends string> {
  /** What is meant where nothing is given; the first word unless another is named. */
  readonly zero?: Word;
  /** Made lower case before it is looked up. */
  readonly ignoresCase?: boolean;
  /** Other ways to write one of them. */
  readonly aliases?: Readonly<Record<string, Word>>;
  /** How it is said that a word is none of these; `written` is the JSON. */
  readonly unknown?: (written: string, node: JsonNode) => string;
}

/** One of a few words. Unlike elsewhere, null is none of them. */
export function word<const Word extends string>(words: readonly Word[], options: WordOptions<Word> = {}): Codec<Word> {
  const zero = options.zero ?? words[0]!;
  const unknown = options.unknown ?? ((written: string) => `can not unmarshal ${goQuoted(written)}`);
  return {
    typeName: 'string',
    zero: () => zero,
    isZero: (value) => value === zero,
    read(node, reading) {
      const given = node.kind === 'string' ? (options.ignoresCase ? node.text.toLowerCase() : node.text) : '\0';
      const found = words.find((known) => known === given) ?? options.aliases?.[given];
      if (found === undefined) throw new DecodeFault(unknown(reading.written(node), node));
      return found;
    },
    print: printString,
  };
}

/** A text in quotes as faults hold it: quotes and backslashes inside it are escaped. */
export function goQuoted(written: string): string {
  return `"${written.replace(/["\\]/g, '\\$&')}"`;
}
