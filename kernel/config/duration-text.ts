/** Durations in a configuration: the same texts, and the same complaints, as in the kernel's own options. */
import { parseDuration } from './duration.ts';
import type { StringNode } from './grammar/node.ts';
import type { Problems } from './problem.ts';

/** Milliseconds. A failure is reported with `prefix` in front of what is wrong with the text. */
export function readDurationText(node: StringNode, prefix: string, problems: Problems): number | undefined {
  const outcome = parseDuration(node.value);
  if ('ms' in outcome) return outcome.ms;
  problems.error(node, `${prefix}${outcome.failure}`);
  return undefined;
}
