/** Durations in a configuration: the same texts, and the same complaints, as in the kernel's own options. */
import { fields, type Problems } from '../../../kernel/plugin-api.ts';
import type { ConfigNode } from '../kernel-terms.ts';

const FIELD = fields.duration('expires', { default: 0, isStringOnly: true, doc: '' });

/** Milliseconds. A failure is reported with `prefix` in front of what is wrong with the text. */
export function readDurationText(node: ConfigNode, prefix: string, problems: Problems): number | undefined {
  const complaints: string[] = [];
  const listener = { error: (_place: unknown, text: string) => void complaints.push(text) } as unknown as Problems;
  const ms = FIELD.read(node, { problems: listener, writtenKey: 'expires' });
  for (const text of complaints) problems.error(node, text.replace(/^error parsing expires: /, prefix));
  return ms;
}
