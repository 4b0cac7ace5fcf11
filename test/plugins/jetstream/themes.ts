/** Conversations by theme. */

import { CONSUMER_TALKS } from './consumer-talks.ts';
import { DELIVERY_TALKS } from './delivery-talks.ts';
import { PUBLISH_TALKS } from './publish-talks.ts';
import { RETENTION_TALKS } from './retention-talks.ts';
import type { Conversation } from './said.ts';
import { STREAM_TALKS } from './stream-talks.ts';

export const THEMES: readonly Conversation[] = [
  ...STREAM_TALKS,
  ...PUBLISH_TALKS,
  ...RETENTION_TALKS,
  ...CONSUMER_TALKS,
  ...DELIVERY_TALKS,
];
