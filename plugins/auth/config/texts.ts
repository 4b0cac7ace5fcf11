/** How the messages about a configuration show values: tools compare them. */
import type { ConfigNode } from '../kernel-terms.ts';

const TYPE_NAMES: Record<ConfigNode['kind'], string> = {
  map: 'map[string]interface {}',
  array: '[]interface {}',
  string: 'string',
  integer: 'int64',
  float: 'float64',
  boolean: 'bool',
  datetime: 'time.Time',
};

export function typeName(node: ConfigNode): string {
  return TYPE_NAMES[node.kind];
}

export function printed(node: ConfigNode): string {
  if (node.kind === 'array') return `[${node.value.map(printed).join(' ')}]`;
  if (node.kind !== 'map') return String(node.value);
  const pairs = [...node.value].sort().map(([key, entry]) => `${key}:${printed(entry.value)}`);
  return `map[${pairs.join(' ')}]`;
}

export function quote(text: string): string {
  return JSON.stringify(text);
}

export function wrongType(node: ConfigNode, wanted: 'string' | 'bool' | 'int64' | 'map[string]interface {}'): string {
  return `interface conversion: interface {} is ${typeName(node)}, not ${wanted}`;
}
