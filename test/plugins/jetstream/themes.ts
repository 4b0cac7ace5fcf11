/** Conversations by theme. */

import { API_TALKS } from './api-talks.ts';
import { CONSUMER_TALKS } from './consumer-talks.ts';
import { COUNTER_TALKS } from './counter-talks.ts';
import { DELIVERY_TALKS } from './delivery-talks.ts';
import { GROUP_TALKS } from './group-talks.ts';
import { PUBLISH_TALKS } from './publish-talks.ts';
import { PURGE_TALKS } from './purge-talks.ts';
import { REPUBLISH_TALKS } from './republish-talks.ts';
import { RETENTION_TALKS } from './retention-talks.ts';
import type { Conversation } from './said.ts';
import { STREAM_TALKS } from './stream-talks.ts';

export const THEMES: readonly Conversation[] = [
  ...STREAM_TALKS,
  ...PUBLISH_TALKS,
  ...PURGE_TALKS,
  ...COUNTER_TALKS,
  ...REPUBLISH_TALKS,
  ...RETENTION_TALKS,
  ...CONSUMER_TALKS,
  ...DELIVERY_TALKS,
  ...GROUP_TALKS,
  ...API_TALKS,
];

/** What comes on its own comes when it likes: it is told last, and sorted. */
const UNASKED = /^ {2}(?:push\.|\$JS\.EVENT)/;
const UNASKED_OR_PUSHED = /^ {2}(?:push\.|\$JS\.EVENT|\S+ \[\$JS\.ACK)/;

export function arranged(heard: readonly string[], { said }: Conversation): string[] {
  const isPushed = said.some(({ listensOn }) => listensOn?.startsWith('push.'));
  const pattern = isPushed ? UNASKED_OR_PUSHED : UNASKED;
  return [...heard.filter((line) => !pattern.test(line)), ...heard.filter((line) => pattern.test(line)).sort()];
}
