/** Groups of clients that pull from one consumer in turn. */
import { type ApiError, apiError } from './api-error.ts';
import { isPush } from './consumer-config.ts';
import type { ConsumerDraft } from './consumer-rules.ts';

const GROUP = /^[a-zA-Z0-9/_=-]{1,16}$/;

export function isValidGroup(name: string): boolean {
  return GROUP.test(name);
}

export function priorityRule(draft: ConsumerDraft): ApiError | null {
  if (draft.priorityPolicy === 'none') {
    if (draft.priorityGroups.length > 0) return apiError(10196);
    return draft.priorityTimeout === 0n ? null : apiError(10197);
  }
  if (isPush(draft)) return apiError(10178);
  if (draft.priorityGroups.length === 0) return apiError(10159);
  for (const group of draft.priorityGroups) {
    if (group === '') return apiError(10161);
    if (!isValidGroup(group)) return apiError(10162);
  }
  return null;
}
