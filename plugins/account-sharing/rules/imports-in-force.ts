/**
 * The imports of one account that are in force: found by what they are called here, and by what there may be only one of.
 *
 * Most accounts have few, and go without anything to find them by.
 */
import { collide } from '../../../kernel/plugin-api.ts';
import type { ImportRule } from '../contract.ts';
import { PatternIndex } from './pattern-index.ts';
import type { SubjectMapping } from './subject-mapping.ts';

interface Entry {
  readonly rule: ImportRule;
  readonly mapping: SubjectMapping;
}

type Kind = ImportRule['kind'];

/** So many are gone through one by one. */
const FEW_MAX = 8;

export class ImportsInForce {
  private few: Entry[] = [];
  /** Null as long as there never were more than a few. */
  private many: ManyImports | null = null;

  has(kind: Kind): boolean {
    return this.many === null ? this.few.some(({ rule }) => rule.kind === kind) : !this.many.local[kind].isEmpty;
  }

  add(rule: ImportRule, mapping: SubjectMapping): void {
    if (this.many === null && this.few.length < FEW_MAX) this.few.push({ rule, mapping });
    else this.index().add(rule, mapping);
  }

  remove(rule: ImportRule): void {
    if (this.many !== null) this.many.remove(rule);
    else if (this.few.length > 0) this.few = this.few.filter((entry) => entry.rule !== rule);
  }

  /** The import that is there already, and leaves no room for this one. */
  rivalOf(rule: ImportRule, mapping: SubjectMapping): ImportRule | undefined {
    if (this.many !== null) return this.many.unique.get(uniqueKey(rule, mapping));
    return this.few.find((entry) => areRivals(entry, rule, mapping))?.rule;
  }

  /** Those of the kind whose local names have something in common with the pattern. */
  colliding(kind: Kind, pattern: string): ImportRule[] {
    if (this.many !== null) return this.many.local[kind].colliding(pattern);
    const found: ImportRule[] = [];
    for (const { rule, mapping } of this.few) {
      if (rule.kind === kind && collide(mapping.localPattern, pattern)) found.push(rule);
    }
    return found;
  }

  private index(): ManyImports {
    if (this.many !== null) return this.many;
    this.many = new ManyImports();
    for (const { rule, mapping } of this.few) this.many.add(rule, mapping);
    this.few = [];
    return this.many;
  }
}

class ManyImports {
  readonly unique = new Map<string, ImportRule>();
  readonly local = { stream: new PatternIndex<ImportRule>(), service: new PatternIndex<ImportRule>() };
  private readonly mappings = new Map<ImportRule, SubjectMapping>();

  add(rule: ImportRule, mapping: SubjectMapping): void {
    this.mappings.set(rule, mapping);
    this.unique.set(uniqueKey(rule, mapping), rule);
    this.local[rule.kind].add(mapping.localPattern, rule);
  }

  remove(rule: ImportRule): void {
    const mapping = this.mappings.get(rule);
    if (mapping === undefined) return;
    this.mappings.delete(rule);
    this.unique.delete(uniqueKey(rule, mapping));
    this.local[rule.kind].remove(mapping.localPattern, rule);
  }
}

/** A stream is imported once from an account, a service under one name. */
function uniqueKey({ kind, account, subject }: ImportRule, { localPattern }: SubjectMapping): string {
  return `${kind} ${account} ${kind === 'stream' ? subject : localPattern}`;
}

function areRivals(one: Entry, { kind, account, subject }: ImportRule, { localPattern }: SubjectMapping): boolean {
  if (one.rule.kind !== kind || one.rule.account !== account) return false;
  return kind === 'stream' ? one.rule.subject === subject : one.mapping.localPattern === localPattern;
}
