/**
 * Who exports and imports what, by the names of accounts; and whether an import is allowed.
 *
 * It knows nothing of brokers and connections, so that a configuration is checked by the same rules, before anything
 * runs, that are in force later.
 */
import { isSubset, subjectFromText, tokenAt } from '../../../kernel/plugin-api.ts';
import type { ImportRule, ServiceExport, Shares, StreamExport } from '../contract.ts';
import { PatternIndex } from './pattern-index.ts';
import { compileMapping, isSubscribable, type SubjectMapping, withNumbers } from './subject-mapping.ts';

export type ExportRule = StreamExport | ServiceExport;

export interface Verdict {
  /** Why the import is not in force, in a NATS server's words; null when it is. */
  readonly problem: string | null;
  readonly mapping: SubjectMapping | null;
  readonly source: ExportRule | null;
}

interface Page {
  readonly exports: readonly ExportRule[];
  /** By kind and subject. */
  readonly exact: ReadonlyMap<string, ExportRule>;
  /** The imports in force, with what they are called here. */
  readonly inForce: Map<ImportRule, SubjectMapping>;
  /** The same by what there may be only one of. */
  readonly unique: Map<string, ImportRule>;
  readonly local: Partial<Record<ImportRule['kind'], PatternIndex<ImportRule>>>;
}

const CYCLE_DEPTH_MAX = 1024;
export const CYCLE = 'import forms a cycle';
export const ACCOUNT_MISSING = 'account missing';

export class Ledger {
  private readonly pages = new Map<string, Page>();

  has(account: string): boolean {
    return this.pages.has(account);
  }

  /** What the account exports from now on. Its imports are to be judged anew, and so are those of its importers. */
  open(account: string, { exports }: Shares): void {
    const exact = new Map(exports.map((rule) => [`${rule.kind} ${rule.subject}`, rule]));
    this.pages.set(account, { exports, exact, inForce: new Map(), unique: new Map(), local: {} });
  }

  remove(account: string): void {
    this.pages.delete(account);
  }

  /** The import counts no longer, for cycles and for what may be there only once. */
  withdraw(importer: string, rule: ImportRule): void {
    const page = this.pages.get(importer);
    const mapping = page?.inForce.get(rule);
    if (page === undefined || mapping === undefined) return;
    page.inForce.delete(rule);
    page.unique.delete(uniqueKey(rule, mapping));
    page.local[rule.kind]?.remove(mapping.localPattern, rule);
  }

  /** An import that is allowed counts from then on. */
  admit(importer: string, rule: ImportRule, now: number): Verdict {
    const source = this.exportFor(importer, rule);
    const found = this.problemOf(importer, rule, source, now);
    if (typeof found === 'string') return { problem: found, mapping: null, source };
    const page = this.pages.get(importer);
    if (page !== undefined) enter(page, rule, found);
    return { problem: null, mapping: found, source };
  }

  /** The export of just that subject decides, if there is one; else any that covers it. */
  private exportFor(importer: string, rule: ImportRule): ExportRule | null {
    const page = this.pages.get(rule.account);
    if (page === undefined) return null;
    const exact = page.exact.get(`${rule.kind} ${rule.subject}`);
    if (exact !== undefined) return admits(exact, importer, rule) ? exact : null;
    const covers = (offer: ExportRule): boolean => offer.kind === rule.kind && isSubset(rule.subject, offer.subject);
    return page.exports.find((offer) => covers(offer) && admits(offer, importer, rule)) ?? null;
  }

  private problemOf(
    importer: string,
    rule: ImportRule,
    source: ExportRule | null,
    now: number,
  ): SubjectMapping | string {
    const { kind, account, subject } = rule;
    if (!this.pages.has(account)) return ACCOUNT_MISSING;
    const isOver = rule.validUntil !== undefined && rule.validUntil <= now;
    if (source === null || isOver) return `${kind} import not authorized`;
    if (!isSubscribable(subject))
      return kind === 'stream' ? 'stream import not authorized' : 'sublist: invalid subject';
    const mapping = mappingOf(rule);
    if (typeof mapping === 'string') return mapping;
    if (kind === 'service' && !isSubscribable(mapping.localPattern)) return 'sublist: invalid subject';
    return this.duplicateOf(importer, rule, mapping) ?? this.cycleOf(importer, rule) ?? mapping;
  }

  private duplicateOf(importer: string, rule: ImportRule, mapping: SubjectMapping): string | null {
    const other = this.pages.get(importer)?.unique.get(uniqueKey(rule, mapping));
    if (other === undefined) return null;
    if (rule.kind === 'stream') return 'stream import already exists';
    const before = `import for account "${other.account}", subject "${other.subject}"`;
    return `duplicate service import subject "${mapping.localPattern}", previously used in ${before}`;
  }

  /** Whether what is imported could come from the importer itself. */
  private cycleOf(importer: string, rule: ImportRule): string | null {
    const seen = new Set<string>();
    const next: { account: string; subject: string; depth: number }[] = [{ ...rule, depth: 0 }];
    for (let step = next.pop(); step !== undefined; step = next.pop()) {
      const { account, subject, depth } = step;
      if (account === importer && depth === 0) return null;
      if (depth > CYCLE_DEPTH_MAX) return 'search cycle depth exhausted';
      for (const other of this.pages.get(account)?.local[rule.kind]?.colliding(subject) ?? []) {
        if (other.account === importer) return CYCLE;
        const place = `${other.account} ${other.subject}`;
        if (seen.has(place) || other.account === account) continue;
        seen.add(place);
        next.push({ account: other.account, subject: other.subject, depth: depth + 1 });
      }
    }
    return null;
  }
}

function enter(page: Page, rule: ImportRule, mapping: SubjectMapping): void {
  page.inForce.set(rule, mapping);
  page.unique.set(uniqueKey(rule, mapping), rule);
  page.local[rule.kind] ??= new PatternIndex();
  page.local[rule.kind]?.add(mapping.localPattern, rule);
}

/** Where the importer's name has to stand in the subject, nothing else is asked for. */
function admits(offer: ExportRule, importer: string, rule: ImportRule): boolean {
  if (offer.accountPosition === 0) return offer.admits(importer, rule);
  return tokenAt(rule.subject, offer.accountPosition) === subjectFromText(importer);
}

function mappingOf(rule: ImportRule): SubjectMapping | string {
  const { kind, subject, localSubject } = rule;
  const local = withNumbers(localSubject);
  const [from, to] = kind === 'stream' ? [subject, localSubject] : [local, subject];
  const failed = `failed to create mapping transform for ${kind} import subject from "${from}" to "${to}"`;
  const mapping = compileMapping(subject, localSubject);
  if (typeof mapping === 'string') return `${failed}: ${mapping}`;
  if (kind === 'stream' || mapping.isReversible) return mapping;
  return `${failed}: invalid mapping destination: not using all of the token wildcard(s) in ${local}`;
}

/** A stream is imported once from an account, a service under one name. */
function uniqueKey({ kind, account, subject }: ImportRule, { localPattern }: SubjectMapping): string {
  return `${kind} ${account} ${kind === 'stream' ? subject : localPattern}`;
}
