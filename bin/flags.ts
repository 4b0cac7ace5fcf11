/**
 * Reads the command line the way programs written in Go do, because scripts rely on it: one dash or two, a value after
 * `=` or in the next word, and the first word that is no flag ends them.
 */
import { FLAGS, type Flag } from './flag-table.ts';

export type FlagValue = string | number | boolean;

export interface CommandLine {
  /** By the flag's first name; the last of several counts. In the order of the command line. */
  readonly given: ReadonlyMap<string, FlagValue>;
  /** What follows the flags. */
  readonly words: readonly string[];
}

/** What is wrong with the flags, as the user is told. */
export class FlagError extends Error {}

export function parseFlags(argv: readonly string[]): CommandLine {
  const given = new Map<string, FlagValue>();
  let at = 0;
  while (at < argv.length) {
    const word = argv[at]!;
    if (word.length < 2 || !word.startsWith('-')) break;
    at++;
    if (word === '--') break;
    const { name, value } = split(word);
    const flag = BY_NAME.get(name);
    if (flag === undefined) throw new FlagError(`flag provided but not defined: -${name}`);
    const text = value ?? (flag.type === 'boolean' ? 'true' : argv[at++]);
    if (text === undefined) throw new FlagError(`flag needs an argument: -${name}`);
    given.delete(flag.names[0]!);
    given.set(flag.names[0]!, convert(flag, name, text));
  }
  return { given, words: argv.slice(at) };
}

const BY_NAME: ReadonlyMap<string, Flag> = new Map(FLAGS.flatMap((flag) => flag.names.map((name) => [name, flag])));

export function flagNamed(name: string): Flag | undefined {
  return BY_NAME.get(name);
}

function split(word: string): { name: string; value: string | undefined } {
  const name = word.replace(/^--?/, '');
  if (name === '' || name.startsWith('-') || name.startsWith('=')) throw new FlagError(`bad flag syntax: ${word}`);
  const equals = name.indexOf('=');
  return equals < 0 ? { name, value: undefined } : { name: name.slice(0, equals), value: name.slice(equals + 1) };
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function convert(flag: Flag, name: string, text: string): FlagValue {
  if (flag.type === 'text') return text;
  if (flag.type === 'integer') return integerOf(name, text);
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new FlagError(`invalid boolean value ${JSON.stringify(text)} for -${name}: parse error`);
}

const INTEGER = /^([-+]?)(0[xX][\da-fA-F](?:_?[\da-fA-F])*|0[bB][01](?:_?[01])*|0[oO]?[0-7](?:_?[0-7])*|\d(?:_?\d)*)$/;

function integerOf(name: string, text: string): number {
  const parts = INTEGER.exec(text);
  if (parts === null) throw new FlagError(`invalid value ${JSON.stringify(text)} for flag -${name}: parse error`);
  const digits = parts[2]!.replaceAll('_', '').replace(/^0(?=[0-7])/, '0o');
  const magnitude = BigInt(digits);
  const value = parts[1] === '-' ? -magnitude : magnitude;
  if (BigInt.asIntN(64, value) === value) return Number(value);
  throw new FlagError(`invalid value ${JSON.stringify(text)} for flag -${name}: value out of range`);
}
