/**
 * The mappings of an account: what messages from clients are renamed to before they are routed.
 *
 * A rule is found without trying them all: literal sources by their text, patterns by their first token. What matters
 * most is that a subject which no rule covers is told apart quickly.
 */
import { isSubset } from '../routing/subject.ts';
import { CompiledMapping, checkMappingRule, type MappingOptions, type MappingRule } from './mapping-rule.ts';

export interface MappingProblem {
  readonly source: string;
  readonly text: string;
}

export interface MappingResult {
  readonly mappings: AccountMappings;
  /** Of rules that were left out. */
  readonly problems: readonly MappingProblem[];
}

/** Rules in the order of their definition; of two with one source the later takes the place of the earlier. */
export function compileMappings(rules: readonly MappingRule[], options: MappingOptions): MappingResult {
  const sound = new Map<string, MappingRule>();
  const problems: MappingProblem[] = [];
  for (const rule of rules) {
    const text = checkMappingRule(rule);
    if (text === null) sound.set(rule.source, rule);
    else problems.push({ source: rule.source, text });
  }
  return { mappings: new AccountMappings([...sound.values()], options), problems };
}

export class AccountMappings {
  readonly rules: readonly MappingRule[];
  private readonly literals = new Map<string, CompiledMapping>();
  private readonly patternsByFirstToken = new Map<string, CompiledMapping[]>();
  /** Patterns whose first token is a wildcard. */
  private readonly openPatterns: CompiledMapping[] = [];
  /** By value of a subject's first byte: 1 if a source may cover a subject that begins so. */
  private readonly firstBytes = new Uint8Array(256);

  /** The rules must be sound, each with a source of its own: see `compileMappings`. */
  constructor(rules: readonly MappingRule[], options: MappingOptions) {
    this.rules = rules;
    for (const [order, rule] of rules.entries()) this.index(new CompiledMapping(rule, order, options));
  }

  /** False only if no rule covers the subject in these bytes: a test for the message path. */
  mayTouch(bytes: Uint8Array, start: number, end: number): boolean {
    return start < end && this.firstBytes[bytes[start]!] === 1;
  }

  /** The rule that decides about the subject: the first one, in the order of definition, that covers it. */
  find(subject: string): CompiledMapping | null {
    let found = this.literals.get(subject) ?? null;
    found = firstCovering(this.openPatterns, subject, found);
    if (this.patternsByFirstToken.size === 0) return found;
    const patterns = this.patternsByFirstToken.get(firstToken(subject));
    return patterns === undefined ? found : firstCovering(patterns, subject, found);
  }

  /** The subject to route by, which is the given one when no rule covers it; null when the message is dropped. */
  apply(subject: string): string | null {
    const mapping = this.find(subject);
    return mapping === null ? subject : mapping.apply(subject);
  }

  private index(mapping: CompiledMapping): void {
    const { source } = mapping;
    if (beginsOpen(source)) this.firstBytes.fill(1);
    else this.firstBytes[source.charCodeAt(0)] = 1;
    if (!isPattern(source)) this.literals.set(source, mapping);
    else if (beginsOpen(source)) this.openPatterns.push(mapping);
    else this.addByFirstToken(mapping);
  }

  private addByFirstToken(mapping: CompiledMapping): void {
    const token = firstToken(mapping.source);
    const others = this.patternsByFirstToken.get(token);
    if (others === undefined) this.patternsByFirstToken.set(token, [mapping]);
    else others.push(mapping);
  }
}

/** Of the `patterns`, which are in order, the first that covers the subject, unless `rival` comes earlier. */
function firstCovering(
  patterns: readonly CompiledMapping[],
  subject: string,
  rival: CompiledMapping | null,
): CompiledMapping | null {
  for (const mapping of patterns) {
    if (rival !== null && rival.order < mapping.order) return rival;
    if (isSubset(subject, mapping.source)) return mapping;
  }
  return rival;
}

/** A token that begins with `*` covers others, see `isSubset`, and so does a `>` at the end. */
function isPattern(source: string): boolean {
  return /(^|\.)(\*|>$)/.test(source);
}

function beginsOpen(source: string): boolean {
  return source.startsWith('*') || source === '>';
}

function firstToken(subject: string): string {
  const dot = subject.indexOf('.');
  return dot < 0 ? subject : subject.slice(0, dot);
}
