/** From what a configuration says to the rules that are in force. */
import type { ImportRule, ServiceExport, Shares, StreamExport } from '../contract.ts';
import type { AccountShareOptions, ExportOptions, ImportOptions } from './share-options.ts';

export const RESPONSE_THRESHOLD_MS = 120_000;

/** Equal imports are one object, and so are their rules: ten thousand accounts may import the same. */
const RULES = new WeakMap<ImportOptions, ImportRule>();

export function sharesOf({ exports, imports }: AccountShareOptions): Shares {
  return { exports: exports.map(exportRuleOf), imports: imports.map(importRuleOf) };
}

export function exportRuleOf(options: ExportOptions): StreamExport | ServiceExport {
  const { kind, subject, accountPosition, allowsTrace, responses, latency } = options;
  const listed = new Set(options.accounts);
  const common = {
    subject,
    accountPosition,
    admits: (importer: string) => listed.size === 0 || listed.has(importer),
    allowsTrace,
    isTokenRequired: false,
    approved: options.accounts,
  };
  if (kind === 'stream') return { ...common, kind };
  const responseThresholdMs = options.responseThresholdMs ?? RESPONSE_THRESHOLD_MS;
  return { ...common, kind, responses, responseThresholdMs, latency };
}

export function importRuleOf(options: ImportOptions): ImportRule {
  const known = RULES.get(options);
  if (known !== undefined) return known;
  const { kind, account, subject, sharesRequester, allowsTrace } = options;
  const rule = { kind, account, subject, localSubject: localSubjectOf(options), sharesRequester, allowsTrace };
  RULES.set(options, rule);
  return rule;
}

/** A dot at the end of a prefix is the one that would be put there. */
function localSubjectOf({ kind, subject, to, prefix }: ImportOptions): string {
  if (to !== '') return to;
  if (kind === 'service' || prefix === '') return subject;
  return prefix.endsWith('.') ? prefix + subject : `${prefix}.${subject}`;
}
