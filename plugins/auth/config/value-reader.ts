/** Takes values for the type they should have. What is wrong is reported, and undefined is answered. */
import type { Problems } from '../../../kernel/plugin-api.ts';
import type { ConfigNode } from '../kernel-terms.ts';
import { wrongType } from './texts.ts';

export function readString(node: ConfigNode, problems: Problems): string | undefined {
  if (node.kind === 'string') return node.value;
  problems.error(node, wrongType(node, 'string'));
  return undefined;
}

export function readBoolean(node: ConfigNode, problems: Problems): boolean | undefined {
  if (node.kind === 'boolean') return node.value;
  problems.error(node, wrongType(node, 'bool'));
  return undefined;
}

export function readInteger(node: ConfigNode, problems: Problems): number | undefined {
  if (node.kind === 'integer') return Number(node.value);
  problems.error(node, wrongType(node, 'int64'));
  return undefined;
}
