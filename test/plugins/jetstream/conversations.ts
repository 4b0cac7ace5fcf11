/** All conversations that are held with this server and with a genuine one. */
import { CONSUMER_CONVERSATIONS } from './consumer-conversations.ts';
import { FEATURE_CONVERSATIONS } from './feature-conversations.ts';
import type { Conversation } from './said.ts';
import { STREAM_CONVERSATIONS } from './stream-conversations.ts';

export const CONVERSATIONS: readonly Conversation[] = [
  ...STREAM_CONVERSATIONS,
  ...FEATURE_CONVERSATIONS,
  ...CONSUMER_CONVERSATIONS,
];
