/**
 * The tree a configuration file becomes: typed values that know where they stand.
 *
 * A value under a key stands where its key stands, for that is the place messages name; an element of an
 * array stands for itself.
 */
import type { Place } from '../problem.ts';

export interface MapNode extends Place {
  readonly kind: 'map';
  /** By key, case kept, in the order of the file; of a repeated key the last one stands. */
  readonly value: Map<string, MapEntry>;
}

export interface ArrayNode extends Place {
  readonly kind: 'array';
  readonly value: readonly ConfigNode[];
}

export interface StringNode extends Place {
  readonly kind: 'string';
  readonly value: string;
}

export interface IntegerNode extends Place {
  readonly kind: 'integer';
  /** A 64-bit signed integer: a bigint only where a number could not hold it exactly. */
  readonly value: number | bigint;
}

export interface FloatNode extends Place {
  readonly kind: 'float';
  readonly value: number;
}

export interface BooleanNode extends Place {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export interface DatetimeNode extends Place {
  readonly kind: 'datetime';
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly value: string;
}

export type ConfigNode = MapNode | ArrayNode | StringNode | IntegerNode | FloatNode | BooleanNode | DatetimeNode;

export interface MapEntry extends Place {
  readonly key: string;
  readonly value: ConfigNode;
  /** Some `$key` refers to it. Such a key may have any name: it is there for its value. */
  isReferenced: boolean;
}

/** The same value in another place: what a reference to a variable becomes. */
export function placedAt(node: ConfigNode, place: Place): ConfigNode {
  return { ...node, file: place.file, line: place.line, column: place.column };
}

/** The name of the value's type in the messages of a NATS server. */
export function typeName(node: ConfigNode): string {
  return TYPE_NAMES[node.kind];
}

const TYPE_NAMES: Record<ConfigNode['kind'], string> = {
  map: 'map[string]interface {}',
  array: '[]interface {}',
  string: 'string',
  integer: 'int64',
  float: 'float64',
  boolean: 'bool',
  datetime: 'time.Time',
};
