/** Subject mappings as they stand in a configuration: their reader's findings, put in their places. */
import type { MappingRule } from '../accounts/mapping-rule.ts';
import { readMappings } from '../accounts/read-mappings.ts';
import { mismatchText } from './conversion.ts';
import type { ConfigNode } from './grammar/node.ts';
import { orderedPlainOf, placeWithin } from './plain.ts';
import type { Problems } from './problem.ts';

export function readMappingRules(node: ConfigNode, problems: Problems): readonly MappingRule[] {
  if (node.kind !== 'map') {
    problems.error(node, mismatchText(node, 'map'));
    return [];
  }
  const report = (path: readonly (string | number)[], text: string) => problems.error(placeWithin(node, path), text);
  return Object.freeze(readMappings(orderedPlainOf(node), report));
}
