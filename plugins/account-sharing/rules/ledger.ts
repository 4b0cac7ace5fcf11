/**
 * Who exports and imports what, by the names of accounts; and whether an import is allowed.
 *
 * It knows nothing of brokers and connections, so that a configuration is checked by the same rules, before anything
 * runs, that are in force later.
 */
import { isSubset, subjectFromText, tokenAt } from '../../../kernel/plugin-api.ts';
import type { ImportRule, ServiceExport, Shares, StreamExport } from '../contract.ts';
import { ImportsInForce } from './imports-in-force.ts';
import { MappingCache } from './mapping-cache.ts';
import { isSubscribable, type SubjectMapping } from './subject-mapping.ts';

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
  readonly inForce: ImportsInForce;
}

const NO_EXPORTS: ReadonlyMap<string, ExportRule> = new Map();
const CYCLE_DEPTH_MAX = 1024;
export const CYCLE = 'import forms a cycle';
export const ACCOUNT_MISSING = 'account missing';

export class Ledger {
  private readonly pages = new Map<string, Page>();
  private readonly mappings = new MappingCache();

  has(account: string): boolean {
    return this.pages.has(account);
  }

  /** What the account exports from now on. Its imports are to be judged anew, and so are those of its importers. */
  open(account: string, { exports }: Shares): void {
    const exact =
      exports.length === 0 ? NO_EXPORTS : new Map(exports.map((rule) => [`${rule.kind} ${rule.subject}`, rule]));
    this.pages.set(account, { exports, exact, inForce: new ImportsInForce() });
  }

  remove(account: string): void {
    this.pages.delete(account);
  }

  /** The import counts no longer, for cycles and for what may be there only once. */
  withdraw(importer: string, rule: ImportRule): void {
    this.pages.get(importer)?.inForce.remove(rule);
  }

  /** An import that is allowed counts from then on. */
  admit(importer: string, rule: ImportRule, now: number): Verdict {
    const source = this.exportFor(importer, rule);
    const found = this.problemOf(importer, rule, source, now);
    if (typeof found === 'string') return { problem: found, mapping: null, source };
    this.pages.get(importer)?.inForce.add(rule, found);
    return { problem: null, mapping: found, source };
  }

  /** The export of just that subject decides, if there is one; else any that covers it. */
  private exportFor(importer: string, rule: ImportRule): ExportRule | null {
    const page = this.pages.get(rule.account);
    if (page === undefined || page.exports.length === 0) return null;
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
    const mapping = this.mappings.mappingOf(rule);
    if (typeof mapping === 'string') return mapping;
    if (kind === 'service' && !isSubscribable(mapping.localPattern)) return 'sublist: invalid subject';
    return this.duplicateOf(importer, rule, mapping) ?? this.cycleOf(importer, rule) ?? mapping;
  }

  private duplicateOf(importer: string, rule: ImportRule, mapping: SubjectMapping): string | null {
    const other = this.pages.get(importer)?.inForce.rivalOf(rule, mapping);
    if (other === undefined) return null;
    if (rule.kind === 'stream') return 'stream import already exists';
    const before = `import for account "${other.account}", subject "${other.subject}"`;
    return `duplicate service import subject "${mapping.localPattern}", previously used in ${before}`;
  }

  /** Whether what is imported could come from the importer itself. */
  private cycleOf(importer: string, rule: ImportRule): string | null {
    // Most exporters import nothing.
    if (!this.pages.get(rule.account)?.inForce.has(rule.kind)) return null;
    const seen = new Set<string>();
    const next: { account: string; subject: string; depth: number }[] = [{ ...rule, depth: 0 }];
    for (let step = next.pop(); step !== undefined; step = next.pop()) {
      const { account, subject, depth } = step;
      if (account === importer && depth === 0) return null;
      if (depth > CYCLE_DEPTH_MAX) return 'search cycle depth exhausted';
      for (const other of this.pages.get(account)?.inForce.colliding(rule.kind, subject) ?? []) {
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

/** Where the importer's name has to stand in the subject, nothing else is asked for. */
function admits(offer: ExportRule, importer: string, rule: ImportRule): boolean {
  if (offer.accountPosition === 0) return offer.admits(importer, rule);
  return tokenAt(rule.subject, offer.accountPosition) === subjectFromText(importer);
}
