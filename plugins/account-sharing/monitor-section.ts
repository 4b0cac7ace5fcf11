/** What the monitor shows of an account's exports and imports. */
import { textFromSubject } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import type { AccountImport } from './account-import.ts';
import type { LatencyRule } from './contract.ts';
import type { ExportRule } from './rules/ledger.ts';
import type { Sharing } from './sharing.ts';

const RESPONSE_NAMES = { singleton: 'Singleton', stream: 'Streamed', chunked: 'Chunked' } as const;

export function monitorSection(sharing: Sharing): MonitorSection {
  return {
    account(account) {
      const exports = sharing.exportsOf(account).map(exportEntry);
      const imports = sharing.importsOf(account).map((each) => importEntry(each as AccountImport));
      return { exports: unlessEmpty(exports), imports: unlessEmpty(imports) };
    },
  };
}

function exportEntry(rule: ExportRule): object {
  const isService = rule.kind === 'service';
  return {
    subject: textFromSubject(rule.subject),
    type: rule.kind,
    token_req: rule.isTokenRequired ? true : undefined,
    response_type: isService ? RESPONSE_NAMES[rule.responses] : undefined,
    service_latency: isService ? latencyEntry(rule.latency) : undefined,
    approved_accounts: unlessEmpty(rule.approved),
  };
}

function importEntry({ rule, problem, mapping, source }: AccountImport): object {
  const local = textFromSubject(mapping?.localPattern ?? rule.localSubject);
  const isService = rule.kind === 'service';
  return {
    subject: textFromSubject(rule.subject),
    account: rule.account,
    to: isService ? local : undefined,
    local_subject: local,
    type: rule.kind,
    invalid: problem !== null,
    share: rule.sharesRequester,
    tracking: false,
    latency: source?.kind === 'service' ? latencyEntry(source.latency) : undefined,
  };
}

function latencyEntry(latency: LatencyRule | null): object | undefined {
  return latency === null ? undefined : { sampling: latency.sampling, results: textFromSubject(latency.subject) };
}

function unlessEmpty<V>(list: readonly V[]): readonly V[] | undefined {
  return list.length === 0 ? undefined : list;
}
