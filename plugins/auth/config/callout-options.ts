/** Reads the `auth_callout` block, as far as it can be judged without anybody who acts on it. */
import {
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
}

type OpenCallout = { -readonly [Key in keyof CalloutOptions]: CalloutOptions[Key] };

export function readCallout(node: ConfigNode, problems: Problems): CalloutOptions | undefined {
  if (node.kind !== 'map') {
    problems.error(node, `Expected authorization callout to be a map/struct, got ${printed(node)}`);
    return undefined;
  }
  const callout: OpenCallout = { issuer: '', account: GLOBAL_ACCOUNT, authUsers: [], xkey: '', allowedAccounts: [] };
  const given = new Set<string>();
  for (const entry of node.value.values()) given.add(readEntry(entry, callout, problems));
  if (!given.has('issuer')) problems.error(node, 'Authorization callouts require an issuer to be specified');
  if (!given.has('users')) problems.error(node, 'Authorization callouts require authorized users to be specified');
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
    default:
      if (!entry.isReferenced)
        problems.error(entry, `Unknown field ${quotedText(entry.key)} parsing authorization callout`);
      return '';
  }
}

function readKey(node: ConfigNode, kind: number, expected: string, problems: Problems): string {
  const text = asString(node, problems);
  if (text === undefined) return '';
  if (decodePublicKey(text)?.kind === kind) return text;
  problems.error(node, `Expected callout ${expected}, got ${quotedText(text)}`);
  return '';
}

function readNames(node: ConfigNode, field: string, problems: Problems): readonly string[] {
  if (node.kind === 'array') return node.value.flatMap((element) => asString(element, problems) ?? []);
  problems.error(node, `Expected ${field} field to be an array, got ${typeName(node)}`);
  return [];
}
