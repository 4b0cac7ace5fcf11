/** An address of the server a leaf hangs on, as the configuration or that server names it. */

export interface RemoteUrl {
  readonly scheme: 'nats-leaf' | 'tls' | 'ws' | 'wss';
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** In front of the path that leafs come by, over WebSocket: begins with a slash, or is empty. */
  readonly prefix: string;
  readonly user: string;
  readonly password: string;
}

export const LEAF_PORT = 7422;

const FORM = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:([^@/]*)@)?(\[[^\]]+\]|[^:/@\s[\]]+)(?::(\d{1,5}))?(\/[^\s?#]*)?$/i;
const PORTS: Readonly<Record<RemoteUrl['scheme'], number>> = {
  'nats-leaf': LEAF_PORT,
  tls: LEAF_PORT,
  ws: 80,
  wss: 443,
};

/** Null for what is none. Schemes that mean nothing in particular stand for a plain connection. */
export function parseRemoteUrl(text: string): RemoteUrl | null {
  const parts = FORM.exec(text.trim());
  if (parts === null) return null;
  const [, word = '', login = '', host = '', digits, path = ''] = parts;
  const scheme = schemeOf(word.toLowerCase());
  const port = digits === undefined ? PORTS[scheme] : Number(digits);
  if (port > 65_535) return null;
  const colon = login.indexOf(':');
  return {
    scheme,
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port,
    prefix: path.replace(/\/+$/, ''),
    user: decoded(colon < 0 ? login : login.slice(0, colon)),
    password: colon < 0 ? '' : decoded(login.slice(colon + 1)),
  };
}

export function isWebSocket({ scheme }: RemoteUrl): boolean {
  return scheme === 'ws' || scheme === 'wss';
}

/** How it is shown; never with what it takes to log in. */
export function addressOf({ host, port }: Pick<RemoteUrl, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function haveSameAddress(one: RemoteUrl, other: RemoteUrl): boolean {
  return one.port === other.port && one.host.toLowerCase() === other.host.toLowerCase();
}

function schemeOf(word: string): RemoteUrl['scheme'] {
  return word === 'tls' || word === 'ws' || word === 'wss' ? word : 'nats-leaf';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
