/** Holds the exports and imports of all accounts of a configuration against one another. */
import {
  collide,
  hasWildcard,
  isSubset,
  isValidSubject,
  type Place,
  type Problems,
  quotedText,
  type Steps,
  textFromSubject,
  tokenAt,
} from '../../../kernel/plugin-api.ts';
import { Ledger } from '../rules/ledger.ts';
import type { AccountShareOptions, ExportOptions, ImportOptions } from './share-options.ts';
import { exportRuleOf, importRuleOf } from './share-rules.ts';

type Shared = ReadonlyMap<string, AccountShareOptions>;

/** Everything wrong is reported, in a NATS server's words, at the place of the accounts as a whole. */
export function* checkShares(shared: Shared, place: Place, problems: Problems): Steps<void> {
  const report = (text: string): void => problems.error(place, text);
  for (const kind of ['stream', 'service'] as const) {
    for (const { exports } of shared.values()) {
      for (const offer of exports) if (offer.kind === kind) checkExport(offer, shared, report);
    }
  }
  const ledger = new Ledger();
  for (const [name, { exports }] of shared) {
    ledger.open(name, { exports: exports.map(exportRuleOf), imports: [] });
    yield;
  }
  for (const kind of ['stream', 'service'] as const) {
    for (const [name, { imports }] of shared) {
      for (const wanted of imports) {
        if (wanted.kind !== kind) continue;
        checkImport(name, wanted, ledger, report);
        yield;
      }
    }
  }
}

function checkExport(offer: ExportOptions, shared: Shared, report: (text: string) => void): void {
  const { kind, subject, text, latency, accountPosition, responses } = offer;
  for (const name of offer.accounts) {
    if (!shared.has(name)) report(`${quotedText(name)} account not defined for ${kind} export`);
  }
  if (accountPosition !== 0 && tokenAt(subject, accountPosition) !== '*') {
    report(`Error adding ${kind} export ${quotedText(text)}: sublist: invalid subject`);
  }
  if (latency === null) return;
  const failed = `Error adding service latency sampling for ${quotedText(text)} on subject ${quotedText(textFromSubject(latency.subject))}`;
  if (responses !== 'singleton') report(`${failed}: bad service response type`);
  else if (!isPublishable(latency.subject) || isCovered(latency.subject, subject)) {
    report(`${failed}: invalid publish subject`);
  }
}

function isPublishable(subject: string): boolean {
  return isValidSubject(subject) && !hasWildcard(subject);
}

/** Figures that are requests of the service themselves would never end. */
function isCovered(subject: string, service: string): boolean {
  return isSubset(subject, service) || collide(subject, service);
}

function checkImport(importer: string, wanted: ImportOptions, ledger: Ledger, report: (text: string) => void): void {
  const { kind, account, text, prefix } = wanted;
  if (!ledger.has(account)) {
    report(`${quotedText(account)} account not defined for ${kind} import`);
    return;
  }
  const problem =
    kind === 'stream' && hasWildcard(prefix)
      ? 'stream import prefix can not contain wildcard tokens'
      : ledger.admit(importer, importRuleOf(wanted), 0).problem;
  if (problem !== null) report(`Error adding ${kind} import ${quotedText(text)}: ${problem}`);
}
