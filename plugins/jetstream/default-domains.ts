/** `default_js_domain`: in accounts without streams here, requests that name no domain go to one that is elsewhere. */
import {
  type ConfigNode,
  type ConfigSources,
  GLOBAL_ACCOUNT,
  type Problems,
  printed,
  quotedText,
  subjectFromText,
  typeName,
} from '../../kernel/plugin-api.ts';

const ACCOUNT_KEY = /^A[A-Z2-7]{55}$/;

/** By account, in the way it is called on the wire. Empty: as before there were domains. */
export type DefaultDomains = ReadonlyMap<string, string>;

interface Reading {
  readonly problems: Problems;
  readonly sources: ConfigSources;
}

/** `streaming`: the accounts that have streams here. */
export function readDefaultDomains(
  node: ConfigNode | undefined,
  streaming: ReadonlyMap<string, unknown>,
  { problems, sources }: Reading,
): DefaultDomains {
  const domains = new Map<string, string>();
  if (node === undefined) return domains;
  if (node.kind !== 'map') {
    problems.error(node, `error default_js_domain config: unsupported type ${typeName(node)}`);
    return domains;
  }
  for (const { key, value } of node.value.values()) {
    if (value.kind !== 'string') {
      problems.error(value, `error default_js_domain config: expected the name of a domain, got ${printed(value)}`);
      continue;
    }
    const problem = problemWith(key, value.value, streaming, sources);
    if (problem === null) domains.set(subjectFromText(key), value.value);
    else problems.error(value, problem);
  }
  return domains;
}

function problemWith(
  account: string,
  domain: string,
  streaming: ReadonlyMap<string, unknown>,
  sources: ConfigSources,
): string | null {
  if (isOperated(sources)) {
    if (!ACCOUNT_KEY.test(account)) {
      return `default_js_domain contains account name ${quotedText(account)}, which is not a valid public account nkey`;
    }
  } else if (!sources.accounts.has(account) && account !== GLOBAL_ACCOUNT) {
    return `in non operator mode, \`default_js_domain\` references non existing account ${quotedText(account)}`;
  }
  if (domain !== '' && streaming.has(account)) {
    return `default_js_domain contains account name ${quotedText(account)} with enabled JetStream`;
  }
  if (account === sources.core?.systemAccount) {
    return `system account ${quotedText(account)} can not be in default_js_domain`;
  }
  if (/[\s*>]/.test(domain)) {
    return `default_js_domain contains account ${quotedText(account)} with invalid domain name ${quotedText(domain)}`;
  }
  return null;
}

function isOperated({ elsewhere }: ConfigSources): boolean {
  return elsewhere?.('operator') !== undefined || elsewhere?.('trusted_keys') !== undefined;
}
