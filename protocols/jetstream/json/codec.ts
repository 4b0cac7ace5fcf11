/**
 * What a value in a request looks like, and how it is printed in an answer: one table serves both ways, and the order of its
 * fields is the order on the wire.
 */
import { JsonFault, type JsonKind, type JsonNode, writtenText } from './json-node.ts';
import { parseJson } from './parse-json.ts';

/** How one type of value is read and printed. */
export interface Codec<Value> {
  /** As faults name it. */
  readonly typeName: string;
  /** What is there where nothing was given. */
  zero(): Value;
  isZero(value: Value): boolean;
  /** Throws a `DecodeFault`. */
  read(node: JsonNode, reading: Reading): Value;
  print(value: Value): string;
}

export type ValueOf<Type> = Type extends Codec<infer Value> ? Value : never;

/** A value is JSON, but not what was asked for. */
export class DecodeFault {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Where the reader is within a request, and how strict it is. */
export class Reading {
  readonly bytes: Uint8Array;
  readonly isStrict: boolean;
  private readonly rootName: string;
  private readonly path: (string | number)[] = [];

  constructor(bytes: Uint8Array, isStrict: boolean, rootName: string) {
    this.bytes = bytes;
    this.isStrict = isStrict;
    this.rootName = rootName;
  }

  at<Value>(step: string | number, node: JsonNode, codec: Codec<Value>): Value {
    this.path.push(step);
    const value = codec.read(node, this);
    this.path.pop();
    return value;
  }

  written(node: JsonNode): string {
    return writtenText(node, this.bytes);
  }

  /** `withDigits`: numbers that are of the wrong kind are shown. */
  mismatch(node: JsonNode, typeName: string, withDigits = false): DecodeFault {
    const found = withDigits && node.kind === 'number' ? `number ${node.text}` : node.kind;
    return new DecodeFault(`json: cannot unmarshal ${found} into ${this.place()} of type ${typeName}`);
  }

  /** An item of a list is named without the words in front of it. */
  private place(): string {
    if (this.path.length === 0) return 'Go value';
    const path = [this.rootName, ...this.path].join('.');
    return typeof this.path.at(-1) === 'number' ? path : `Go struct field ${path}`;
  }
}

/** The value of a whole body, or why there is none. Several values may follow each other: the last one counts. */
export function decodeBody<Value>(bytes: Uint8Array, codec: Codec<Value>, isStrict: boolean): Value | DecodeFault {
  const rootName = rootNameOf(codec);
  let value = codec.zero();
  for (let at = 0; ; ) {
    const parsed = parseJson(bytes, at);
    if (parsed === null) return value;
    if (parsed instanceof JsonFault) return new DecodeFault(describeFault(parsed));
    const read = readNode(parsed.node, codec, new Reading(bytes, isStrict, rootName));
    if (read instanceof DecodeFault) return read;
    value = read;
    at = parsed.end;
  }
}

/**
 * For requests that are never strict: one value and nothing behind it. Faults are worded as for a text that was read whole,
 * without the place.
 */
export function decodeWhole<Value>(bytes: Uint8Array, codec: Codec<Value>): Value | DecodeFault {
  const parsed = parseJson(bytes);
  if (parsed === null || (parsed instanceof JsonFault && parsed.offset < 0)) {
    return new DecodeFault('unexpected end of JSON input');
  }
  if (parsed instanceof JsonFault) return new DecodeFault(parsed.text);
  const behind = parseJson(bytes, parsed.end);
  if (behind !== null) return new DecodeFault(surplusText(bytes, parsed.end));
  return readNode(parsed.node, codec, new Reading(bytes, false, rootNameOf(codec)));
}

function surplusText(bytes: Uint8Array, from: number): string {
  const first = bytes.subarray(from).find((byte) => byte > 0x20) ?? 0;
  return `invalid character '${String.fromCharCode(first)}' after top-level value`;
}

function rootNameOf(codec: { readonly typeName: string }): string {
  return codec.typeName.slice(codec.typeName.lastIndexOf('.') + 1);
}

function describeFault({ text, offset }: JsonFault): string {
  return offset < 0 ? text : `${text} at offset ${offset}`;
}

function readNode<Value>(node: JsonNode, codec: Codec<Value>, reading: Reading): Value | DecodeFault {
  try {
    return codec.read(node, reading);
  } catch (fault) {
    if (fault instanceof DecodeFault) return fault;
    throw fault;
  }
}

/** A value that is of one kind of JSON; null leaves it at its default. */
export function expectKind(node: JsonNode, kind: JsonKind, typeName: string, reading: Reading): boolean {
  if (node.kind === 'null') return false;
  if (node.kind !== kind) throw reading.mismatch(node, typeName);
  return true;
}
