/** Objects with known fields, lists, and maps from text to text. */
import { Buffer } from 'node:buffer';
import { type Codec, DecodeFault, expectKind, type Reading } from './codec.ts';
import type { JsonNode } from './json-node.ts';
import { printString } from './print-json.ts';

export interface Field<Value> {
  readonly key: string;
  readonly codec: Codec<Value>;
  readonly presence: Presence;
}

/** `always` is printed even where it is zero; `given` is not; `readOnly` is understood and never printed. */
type Presence = 'always' | 'given' | 'readOnly';

export type FieldTable = Readonly<Record<string, Field<never>>>;
export type Values<Table> = { -readonly [Name in keyof Table]: Table[Name] extends Field<infer Value> ? Value : never };

export interface Struct<Value> extends Codec<Value> {
  readonly fields: FieldTable;
}

export function always<Value>(key: string, codec: Codec<Value>): Field<Value> {
  return { key, codec, presence: 'always' };
}

export function given<Value>(key: string, codec: Codec<Value>): Field<Value> {
  return { key, codec, presence: 'given' };
}

export function readOnly<Value>(key: string, codec: Codec<Value>): Field<Value> {
  return { key, codec, presence: 'readOnly' };
}

/** An object. Keys are found whatever their case, and the last of those that are repeated counts. */
// biome-ignore lint/suspicious/noExplicitAny: the values of a table of fields differ in type.
export function struct<Table extends Record<string, Field<any>>>(
  typeName: string,
  table: Table,
): Struct<Values<Table>> {
  const fields = Object.entries(table).map(([name, field]) => ({ name, ...field }) as NamedField);
  const byKey = new Map(fields.map((field) => [field.key, field]));
  return {
    typeName,
    fields: table as unknown as FieldTable,
    zero: () => zeroOf(fields) as Values<Table>,
    isZero: (value) => fields.every(({ name, codec }) => codec.isZero((value as Loose)[name])),
    read(node, reading) {
      const value = zeroOf(fields);
      if (expectKind(node, 'object', typeName, reading)) readMembers(node, byKey, value, reading);
      return value as Values<Table>;
    },
    print: (value) => printFields(fields, value as Loose),
  };
}

interface NamedField extends Field<unknown> {
  readonly name: string;
}

type Loose = Record<string, unknown>;

function zeroOf(fields: readonly NamedField[]): Loose {
  const value: Loose = {};
  for (const { name, codec } of fields) value[name] = codec.zero();
  return value;
}

function readMembers(node: JsonNode, byKey: Map<string, NamedField>, into: Loose, reading: Reading): void {
  for (const { key, value } of node.members) {
    const field = byKey.get(key) ?? byKey.get(key.toLowerCase());
    if (field !== undefined) into[field.name] = reading.at(field.key, value, field.codec);
    else if (reading.isStrict) throw new DecodeFault(`json: unknown field ${JSON.stringify(key)}`);
  }
}

function printFields(fields: readonly NamedField[], value: Loose): string {
  let printed = '{';
  for (const { name, key, codec, presence } of fields) {
    const held = value[name];
    if (presence === 'readOnly' || (presence === 'given' && codec.isZero(held))) continue;
    printed += `${printed.length > 1 ? ',' : ''}"${key}":${codec.print(held)}`;
  }
  return `${printed}}`;
}

/** Null where there is none: not the same as an object with nothing in it. */
export function optional<Value>(codec: Codec<Value>): Codec<Value | null> {
  return {
    typeName: codec.typeName,
    zero: () => null,
    isZero: (value) => value === null,
    read: (node, reading) => (node.kind === 'null' ? null : codec.read(node, reading)),
    print: (value) => (value === null ? 'null' : codec.print(value)),
  };
}

export interface ListOptions {
  /** Of a type behind a pointer, as faults name it. */
  readonly itemName?: string;
}

export function list<Value>(codec: Codec<Value>, options: ListOptions = {}): Codec<readonly Value[]> {
  const typeName = `[]${options.itemName ?? codec.typeName}`;
  return {
    typeName,
    zero: () => [],
    isZero: (value) => value.length === 0,
    read(node, reading) {
      if (!expectKind(node, 'array', typeName, reading)) return [];
      return node.items.map((item, index) => reading.at(index, item, codec));
    },
    print: (value) => `[${value.map((item) => codec.print(item)).join(',')}]`,
  };
}

export type TextMap = ReadonlyMap<string, string>;

/** Printed in the order of the keys' bytes; null where there is none. */
export const textMap: Codec<TextMap | null> = {
  typeName: 'map[string]string',
  zero: () => null,
  isZero: (value) => value === null || value.size === 0,
  read(node, reading) {
    if (!expectKind(node, 'object', 'map[string]string', reading)) return null;
    return new Map(node.members.map(({ key, value }) => [key, reading.at(key, value, textOfMap)]));
  },
  print: (value) => printMap(value ?? new Map(), printString),
};

const textOfMap: Codec<string> = {
  typeName: 'string',
  zero: () => '',
  isZero: (value) => value === '',
  read: (node, reading) => (expectKind(node, 'string', 'string', reading) ? node.text : ''),
  print: printString,
};

export function printMap<Value>(map: ReadonlyMap<string, Value>, print: (value: Value) => string): string {
  const keys = [...map.keys()].sort(byBytes);
  return `{${keys.map((key) => `${printString(key)}:${print(map.get(key)!)}`).join(',')}}`;
}

/** By code points, which is the order of UTF-8. */
export function byBytes(left: string, right: string): number {
  if (left === right) return 0;
  const isPlain = !/[\ud800-\uffff]/.test(left + right);
  if (isPlain) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
