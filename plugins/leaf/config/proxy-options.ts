/** The HTTP proxy that leads to the other side of a leaf. */
import {
  asMap,
  asString,
  type ConfigNode,
  type FieldUse,
  type MapNode,
  type Problems,
  quotedText,
  readDurationText,
  typeName,
} from '../../../kernel/plugin-api.ts';

export interface HttpProxy {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** 0: as long as connecting may take. */
  readonly timeoutMs: number;
  /** As the block `tls` of a remote. Null: certificates that this machine trusts count. */
  readonly tls: MapNode | null;
}

interface Written {
  url: string;
  username: string;
  password: string;
  timeoutMs: number;
  tls: MapNode | null;
}

export function readProxy(node: ConfigNode, { problems }: FieldUse): HttpProxy | undefined {
  if (node.kind !== 'map') {
    problems.error(node, `Expected proxy to be a map, got ${typeName(node)}`);
    return undefined;
  }
  const written: Written = { url: '', username: '', password: '', timeoutMs: 0, tls: null };
  for (const { key, value, isReferenced } of node.value.values()) {
    const known = key.toLowerCase();
    if (known === 'url' || known === 'username' || known === 'password')
      written[known] = asString(value, problems) ?? '';
    else if (known === 'timeout' && value.kind === 'string')
      written.timeoutMs = readDurationText(value, 'timeout', problems) ?? 0;
    else if (known === 'tls') written.tls = readTls(value, problems);
    else if (!isReferenced) problems.error(value, `unknown field ${quotedText(key)}`);
  }
  const outcome = checked(written);
  if (typeof outcome !== 'string') return outcome;
  problems.error(node, outcome);
  return undefined;
}

function readTls(node: ConfigNode, problems: Problems): MapNode | null {
  const block = asMap(node, problems) ?? null;
  const early = block?.value.get('handshake_first');
  if (early !== undefined) problems.error(early.value, '"handshake_first" is not supported for proxy TLS');
  return block;
}

/** The proxy, or what is wrong with it. */
function checked({ url, username, password, timeoutMs, tls }: Written): HttpProxy | string {
  const [, scheme = '', rest = ''] = /^(?:([^:/?#]*):\/\/)?(.*)$/s.exec(url) ?? [];
  if (scheme !== 'http' && scheme !== 'https') return `proxy URL scheme must be http or https, got: ${scheme}`;
  if (tls !== null && scheme !== 'https') return `proxy TLS configuration requires an https proxy URL, got: ${scheme}`;
  const parts = /^(?:[^@/]*@)?(\[[^\]]+\]|[^:/@\s[\]]*)(?::(\d{1,5}))?(?:\/.*)?$/.exec(rest);
  if (parts === null) return 'invalid proxy URL';
  const [, host = '', digits] = parts;
  if (host === '') return 'proxy URL must specify a host';
  if (timeoutMs < 0) return 'proxy timeout must be >= 0';
  if ((username === '') !== (password === '')) {
    return 'proxy username and password must both be specified or both be empty';
  }
  return {
    isSecure: scheme === 'https',
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port: digits === undefined ? (scheme === 'https' ? 443 : 80) : Number(digits),
    user: username,
    password,
    timeoutMs,
    tls,
  };
}
