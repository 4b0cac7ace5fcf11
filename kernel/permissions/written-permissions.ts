/** Permissions as tokens write them, in people's text and with 0 for defaults, made into rules. */
import { subjectFromText } from '../routing/subject.ts';
import type { PermissionRules, SubjectRules } from './permission-rules.ts';
import type { ReplyAllowance } from './permissions.ts';

export const DEFAULT_RESPONSES: ReplyAllowance = Object.freeze({ max: 1, ttlMs: 120_000 });

export interface WrittenSubjects {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** An empty `allow` means nothing; without this it means everything. */
  readonly isClosed?: true;
}

export interface WrittenPermissions {
  readonly publish: WrittenSubjects;
  readonly subscribe: WrittenSubjects;
  /** 0 stands for the default, a negative number for no limit. */
  readonly responses: ReplyAllowance | null;
}

export function rulesFromText({ publish, subscribe, responses }: WrittenPermissions): PermissionRules {
  const published = subjectRules(publish);
  return {
    // Who may answer requests may publish nothing else, unless it is said.
    publish: responses !== null && published.allow === null ? { ...published, allow: [] } : published,
    subscribe: subjectRules(subscribe),
    responses: responses && withDefaults(responses),
  };
}

function subjectRules({ allow, deny, isClosed }: WrittenSubjects): SubjectRules {
  const isOpen = allow.length === 0 && isClosed !== true;
  return { allow: isOpen ? null : allow.map(subjectFromText), deny: deny.map(subjectFromText) };
}

function withDefaults({ max, ttlMs }: ReplyAllowance): ReplyAllowance {
  return { max: max || DEFAULT_RESPONSES.max, ttlMs: ttlMs || DEFAULT_RESPONSES.ttlMs };
}
