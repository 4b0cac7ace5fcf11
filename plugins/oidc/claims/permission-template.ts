/**
 * Permissions with claims in their subjects: `orders.{{claim(sub)}}.>`.
 *
 * What comes out of a token fills one token of a subject or a part of one, and nothing else. A value that could reach
 * further refuses the login: to leave out the entry would widen what a denial keeps back.
 */
import { type PermissionRules, PermissionSet, subjectFromText, textFromSubject } from '../../../kernel/plugin-api.ts';
import { type ClaimPath, type Claims, parseClaimPath, valuesAt } from './claim-path.ts';

export const ENTRIES_MAX = 1000;
export const VALUE_CHARACTERS_MAX = 256;

const TAG = /\{\{(.*?)\}\}/;
const CLAIM = /^claim\(([^\s(){}]+)\)$/;
const TOKEN = /^[^\s.*>\p{Cc}\p{Cf}]+$/u;

/** Why somebody cannot be let in. */
export class Unmapped extends Error {}

/** Texts of the configuration and claims in turn. */
type Entry = readonly (string | ClaimPath)[];

interface Template {
  readonly allow: readonly Entry[] | null;
  readonly deny: readonly Entry[];
}

export class PermissionTemplate {
  private readonly rules: PermissionRules;
  private readonly publish: Template;
  private readonly subscribe: Template;
  /** Without claims all share one set. */
  private readonly shared: PermissionSet | null;

  /** Throws an Error that says what is wrong with an entry. */
  constructor(rules: PermissionRules) {
    this.rules = rules;
    this.publish = templateOf(rules.publish);
    this.subscribe = templateOf(rules.subscribe);
    const isPlain = [this.publish, this.subscribe].every(({ allow, deny }) =>
      [...(allow ?? []), ...deny].every(isText),
    );
    this.shared = isPlain ? new PermissionSet(rules) : null;
  }

  /** Throws an Unmapped when the claims do not fit. */
  permissionsFor(claims: Claims, spaceSeparated: readonly string[]): PermissionSet {
    if (this.shared !== null) return this.shared;
    const fill = ({ allow, deny }: Template) => ({
      allow: allow === null ? null : fillAll(allow, claims, spaceSeparated),
      deny: fillAll(deny, claims, spaceSeparated),
    });
    return new PermissionSet({ ...this.rules, publish: fill(this.publish), subscribe: fill(this.subscribe) });
  }
}

function templateOf({ allow, deny }: PermissionRules['publish']): Template {
  return { allow: allow === null ? null : allow.map(parseEntry), deny: deny.map(parseEntry) };
}

function isText(entry: Entry): boolean {
  return entry.every((piece) => typeof piece === 'string');
}

/** What stands between the tags is text, what stands in them is the path of a claim. */
function parseEntry(entry: string): Entry {
  return entry.split(TAG).map((piece, index) => {
    if (index % 2 === 1) return parseTag(textFromSubject(piece), entry);
    if (piece.includes('{{') || piece.includes('}}')) throw new Error(`${quoted(entry)} has half a template`);
    return piece;
  });
}

function parseTag(tag: string, entry: string): ClaimPath {
  const path = parseClaimPath(CLAIM.exec(tag)?.[1] ?? '');
  if (path !== null) return path;
  throw new Error(`${quoted(entry)} has an unknown template; there is {{claim(<path>)}}`);
}

function quoted(entry: string): string {
  return JSON.stringify(textFromSubject(entry));
}

/** A claim with several values makes several entries of one. */
function fillAll(entries: readonly Entry[], claims: Claims, spaceSeparated: readonly string[]): string[] {
  const filled: string[] = [];
  for (const entry of entries) {
    filled.push(...fillEntry(entry, claims, spaceSeparated));
    if (filled.length > ENTRIES_MAX) throw tooMany();
  }
  return filled;
}

function fillEntry(entry: Entry, claims: Claims, spaceSeparated: readonly string[]): string[] {
  let begun = [''];
  for (const piece of entry) {
    const values = typeof piece === 'string' ? [piece] : tokensAt(claims, piece, spaceSeparated);
    if (begun.length * values.length > ENTRIES_MAX) throw tooMany();
    begun = begun.flatMap((start) => values.map((value) => start + value));
  }
  return begun;
}

function tooMany(): Unmapped {
  return new Unmapped(`its claims make more than ${ENTRIES_MAX} subjects of the permissions`);
}

function tokensAt(claims: Claims, path: ClaimPath, spaceSeparated: readonly string[]): string[] {
  const values = valuesAt(claims, path, spaceSeparated);
  const name = JSON.stringify(path.text);
  if (values.length === 0) throw new Unmapped(`it has no claim ${name}, which permissions name`);
  const isToken = (value: string): boolean => value.length <= VALUE_CHARACTERS_MAX && TOKEN.test(value);
  if (!values.every(isToken)) throw new Unmapped(`its claim ${name} is no single token of a subject`);
  return values.map(subjectFromText);
}
