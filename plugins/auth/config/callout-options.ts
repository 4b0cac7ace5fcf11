/** The block `auth_callout`: read here, acted on by whoever provides an authenticator that does. */
import {
  asInteger,
  asString,
  type ConfigNode,
  GLOBAL_ACCOUNT,
  type MapEntry,
  type Problems,
  printed,
  quotedText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

export interface CalloutOptions {
  readonly issuer: string;
  readonly account: string;
  readonly authUsers: readonly string[];
  /** Empty: requests are not encrypted. */
  readonly xkey: string;
  /** Empty: any. */
  readonly allowedAccounts: readonly string[];
  /** How many clients may wait for the service at a time. */
  readonly pendingMax: number;
}

const PENDING_MAX = 10_000;

type OpenCallout = { -readonly [Key in keyof CalloutOptions]: CalloutOptions[Key] };

export function readCallout(node: ConfigNode, problems: Problems): CalloutOptions | undefined {
  if (node.kind !== 'map') {
    problems.error(node, `Expected authorization callout to be a map/struct, got ${printed(node)}`);
    return undefined;
  }
  const callout: OpenCallout = {
    issuer: '',
    account: GLOBAL_ACCOUNT,
    authUsers: [],
    xkey: '',
    allowedAccounts: [],
    pendingMax: PENDING_MAX,
  };
  const given = new Set<string>();
  for (const entry of node.value.values()) given.add(readEntry(entry, callout, problems));
  if (!given.has('issuer')) problems.error(node, 'Authorization callouts require an issuer to be specified');
  if (callout.authUsers.length === 0)
    problems.error(node, 'Authorization callouts require authorized users to be specified');
  return Object.freeze(callout);
}

/** Answers what the entry was about. */
function readEntry(entry: MapEntry, callout: OpenCallout, problems: Problems): string {
  const { value } = entry;
  switch (entry.key.toLowerCase()) {
    case 'issuer':
      callout.issuer = readKey(value, NkeyKind.account, 'user to be a valid public account nkey', problems);
      return 'issuer';
    case 'account':
    case 'acc':
      callout.account = asString(value, problems) ?? GLOBAL_ACCOUNT;
      return 'account';
    case 'auth_users':
    case 'users':
      callout.authUsers = readNames(value, 'auth_users', problems);
      return 'users';
    case 'xkey':
    case 'key':
      callout.xkey = readKey(value, NkeyKind.curve, 'xkey to be a valid public xkey', problems);
      return 'xkey';
    case 'allowed_accounts':
      callout.allowedAccounts = readNames(value, 'allowed accounts', problems);
      return 'allowed';
    case 'max_pending':
      callout.pendingMax = readPendingMax(value, problems);
      return 'pending';
    default:
      if (!entry.isReferenced)
        problems.error(entry, `Unknown field ${quotedText(entry.key)} parsing authorization callout`);
      return '';
  }
}

function readPendingMax(node: ConfigNode, problems: Problems): number {
  const count = asInteger(node, problems);
  if (count !== undefined && count < 1) problems.error(node, `max_pending of ${count} lets nobody in, give at least 1`);
  return count ?? PENDING_MAX;
}

function readKey(node: ConfigNode, kind: number, expected: string, problems: Problems): string {
  const text = asString(node, problems);
  if (text === undefined) return '';
  if (decodePublicKey(text)?.kind === kind) return text;
  problems.error(node, `Expected callout ${expected}, got ${quotedText(text)}`);
  return '';
}

/** As a NATS server shows it when a reload is refused. */
export function printedCallout(callout: CalloutOptions | null): string {
  if (callout === null) return '<nil>';
  const { issuer, account, authUsers, xkey, allowedAccounts, pendingMax } = callout;
  const own = pendingMax === PENDING_MAX ? '' : ` ${pendingMax}`;
  return `&{${issuer} ${account} [${authUsers.join(' ')}] ${xkey} [${allowedAccounts.join(' ')}]${own}}`;
}

function readNames(node: ConfigNode, field: string, problems: Problems): readonly string[] {
  if (node.kind === 'array') return node.value.flatMap((element) => asString(element, problems) ?? []);
  problems.error(node, `Expected ${field} field to be an array, got ${typeName(node)}`);
  return [];
}
