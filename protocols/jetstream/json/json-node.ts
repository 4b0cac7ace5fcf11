/** A JSON text as it was written: numbers keep all their digits, objects their order and their repeated keys. */
import { Buffer } from 'node:buffer';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'bool' | 'null';

export interface JsonMember {
  readonly key: string;
  readonly value: JsonNode;
}

/** One shape for all kinds: what does not apply is empty. */
export interface JsonNode {
  readonly kind: JsonKind;
  /** A string's characters, a number's digits, `true` or `false`. */
  readonly text: string;
  readonly members: readonly JsonMember[];
  readonly items: readonly JsonNode[];
  /** Where it stands in the bytes it was read from. */
  readonly start: number;
  readonly end: number;
}

/** Why a text is no JSON. `offset` is how many bytes were read until that was clear; -1 where they ended too early. */
export class JsonFault {
  readonly text: string;
  readonly offset: number;

  constructor(text: string, offset: number) {
    this.text = text;
    this.offset = offset;
  }
}

/** The bytes of a node as they were written. */
export function writtenText(node: JsonNode, bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + node.start, node.end - node.start).toString('utf8');
}
