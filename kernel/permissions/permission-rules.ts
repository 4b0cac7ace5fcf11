/** What a user may do, as it is configured. Subjects are in the kernel's form, one character per byte. */
import type { ReplyAllowance } from './permissions.ts';

/** `subject`, or for subscriptions also `subject queue`. */
export type RuleEntry = string;

export interface SubjectRules {
  /** Null: everything. Empty: nothing. */
  readonly allow: readonly RuleEntry[] | null;
  readonly deny: readonly RuleEntry[];
}

export interface PermissionRules {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
  /** Null where requests may not be answered beyond what `publish` says. */
  readonly responses: ReplyAllowance | null;
}

export const UNRESTRICTED: SubjectRules = Object.freeze({ allow: null, deny: Object.freeze([]) });
