/**
 * Templates of scoped keys: `{{name()}}` and the like in the lists of what a user may do, replaced by facts about the user and
 * its account. A tag may have several values, so that one entry becomes several.
 */
import { isValidSubject, subjectFromText } from '../../kernel/plugin-api.ts';
import type { PermissionClaims, SubjectClaims } from '../../protocols/jwt/permission-claims.ts';

export const EXPANDED_MAX = 4096;

/** Braces with nothing between them are no call, but part of a subject. */
const FUNCTION = /\{\{([^{}]+)\}\}/g;

/** What the functions answer. */
export interface TemplateFacts {
  readonly userName: string;
  readonly userKey: string;
  readonly userTags: readonly string[];
  readonly accountName: string;
  readonly accountKey: string;
  readonly accountTags: readonly string[];
}

/** Why a user cannot be let in. */
export class BadTemplate extends Error {}

/** Throws a BadTemplate when nothing safe can be made of it. */
export function withoutTemplates(permissions: PermissionClaims, facts: TemplateFacts): PermissionClaims {
  const { publish, subscribe, responses } = permissions;
  return { publish: expandList(publish, facts), subscribe: expandList(subscribe, facts), responses };
}

/** What cannot be allowed is left out. When nothing remains all is denied: an empty list would allow everything. */
function expandList({ allow, deny }: SubjectClaims, facts: TemplateFacts): SubjectClaims {
  const allowed = allow.some(isTemplate) ? expandAll(allow, facts, () => []).filter(isSubject) : allow;
  const isNothingLeft = allow.length > 0 && allowed.length === 0;
  return { allow: allowed, deny: isNothingLeft ? [...denied(deny, facts), '>'] : denied(deny, facts) };
}

/** A denial that cannot be made must not be forgotten. */
function denied(entries: readonly string[], facts: TemplateFacts): readonly string[] {
  if (!entries.some(isTemplate)) return entries;
  const expanded = expandAll(entries, facts, (entry) => {
    throw new BadTemplate(`generated invalid subject ${JSON.stringify(entry)}: a tag it names is not defined`);
  });
  const unsound = expanded.find((entry) => !isSubject(entry));
  if (unsound !== undefined) throw new BadTemplate(`generated invalid subject ${JSON.stringify(unsound)}`);
  return expanded;
}

function isTemplate(entry: string): boolean {
  return entry.search(FUNCTION) >= 0;
}

function isSubject(entry: string): boolean {
  return isValidSubject(subjectFromText(entry));
}

function expandAll(
  entries: readonly string[],
  facts: TemplateFacts,
  undefinedTag: (entry: string) => readonly string[],
): readonly string[] {
  const expanded: string[] = [];
  for (const entry of entries) {
    const made = isTemplate(entry) ? (expand(entry, facts) ?? undefinedTag(entry)) : [entry];
    if (expanded.length + made.length > EXPANDED_MAX) throw tooMany();
    expanded.push(...made);
  }
  return expanded;
}

function tooMany(): BadTemplate {
  return new BadTemplate(`template expansion exceeds limit: ${EXPANDED_MAX}`);
}

/** All combinations of the values; null when something has none. */
function expand(entry: string, facts: TemplateFacts): readonly string[] | null {
  let expanded: readonly string[] = [''];
  let from = 0;
  for (const match of entry.matchAll(FUNCTION)) {
    const values = valuesOf(match[1]!.trim(), facts);
    if (values.length === 0) return null;
    if (expanded.length * values.length > EXPANDED_MAX) throw tooMany();
    const literal = entry.slice(from, match.index);
    expanded = expanded.flatMap((start) => values.map((value) => start + literal + value));
    from = match.index + match[0].length;
  }
  const rest = entry.slice(from);
  return expanded.map((start) => start + rest);
}

function valuesOf(call: string, facts: TemplateFacts): readonly string[] {
  const name = call.toLowerCase();
  if (name === 'name()') return [facts.userName];
  if (name === 'subject()') return [facts.userKey];
  if (name === 'account-name()') return [facts.accountName];
  if (name === 'account-subject()') return [facts.accountKey];
  const [, list, tag] = /^(tag|account-tag)\((.*)\)$/.exec(name) ?? [];
  if (tag === undefined)
    throw new BadTemplate(`template operation in "{{${call}}}": ${JSON.stringify(call)} is not defined`);
  // Unlike the other names, these are functions in lower case only: otherwise they name a tag that nobody has.
  if (!call.startsWith(`${list}(`)) return [];
  const tags = list === 'tag' ? facts.userTags : facts.accountTags;
  const prefix = `${tag}:`;
  return tags.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
}
