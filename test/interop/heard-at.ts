/** What one server answers to a conversation. It has nothing stored before. */
import { converse } from '../plugins/jetstream/converse.ts';
import type { Conversation } from '../plugins/jetstream/said.ts';
import type { Target } from '../wire/targets.ts';
import { Side } from './side.ts';

/** `block`: more of its block `jetstream`. */
export async function heardAt(target: Target, conversation: Conversation, block: object = {}): Promise<string[]> {
  await using side = await Side.start(target, block);
  return await side.with((client) => converse(client, conversation));
}
