/** What one server answers to a conversation. It has nothing stored before. */
import { converse } from '../plugins/jetstream/converse.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import type { Target } from '../wire/targets.ts';
import { Side } from './side.ts';

/** `block`: more of its block `jetstream`; `more`: more of its configuration. */
export async function heardAt(
  target: Target,
  conversation: Conversation,
  block: object = {},
  more = '',
): Promise<string[]> {
  await using side = await Side.start(target, block, more);
  return await side.with((client) => converse(client, conversation));
}
