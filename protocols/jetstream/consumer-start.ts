/** Where a consumer begins, and whether it was told what it needs for that. */
import { type ApiError, apiError } from './api-error.ts';
import { filtersOf } from './consumer-config.ts';
import type { ConsumerDraft } from './consumer-rules.ts';

export function startRule(draft: ConsumerDraft): ApiError | null {
  const hasSequence = draft.optStartSeq > 0n;
  const hasTime = draft.optStartTime !== null;
  switch (draft.deliverPolicy) {
    case 'all':
      return surplus('all', hasSequence, hasTime);
    case 'last':
      return surplus('last', hasSequence, hasTime);
    case 'new':
      return surplus('new', hasSequence, hasTime);
    case 'last_per_subject':
      return (
        surplus('last per subject', hasSequence, hasTime) ??
        (filtersOf(draft).length === 0 ? missing('last per subject', 'filter subject') : null)
      );
    case 'by_start_sequence':
      if (!hasSequence) return missing('by start sequence', 'start sequence');
      return hasTime ? set('by start sequence', 'time') : null;
    case 'by_start_time':
      if (!hasTime) return missing('by start time', 'start time');
      return hasSequence ? set('by start time', 'start sequence') : null;
  }
}

function surplus(policy: string, hasSequence: boolean, hasTime: boolean): ApiError | null {
  if (hasSequence) return set(policy, 'sequence');
  return hasTime ? set(policy, 'time') : null;
}

function set(policy: string, option: string): ApiError {
  return apiError(10094, {
    err: `consumer delivery policy is deliver ${policy}, but optional start ${option} is also set`,
  });
}

function missing(policy: string, option: string): ApiError {
  return apiError(10094, { err: `consumer delivery policy is deliver ${policy}, but optional ${option} is not set` });
}
