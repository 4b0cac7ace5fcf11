/** Where pages come from: scheme, host and port. Paths do not matter. */

export interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

export interface OriginRules {
  readonly isSameRequired: boolean;
  /** Empty: any. */
  readonly allowed: readonly Origin[];
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\\]*)/i;
const AUTHORITY = /^(?:[^@]*@)?(\[[0-9a-f:.%]*\]|[^:[\]]*)(?::(\d*))?$/i;
const OUTSIDE_ASCII = /[^\x21-\x7e]/;

/** The reason in place of an origin where the text is none. */
export function parseOrigin(text: string): Origin | string {
  const invalid = `parse "${text}": invalid URI for request`;
  if (text.startsWith('/')) return { scheme: '', host: '', port: HTTP_PORT };
  const [, scheme, authority] = PARTS.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || OUTSIDE_ASCII.test(text)) return invalid;
  return placed(scheme.toLowerCase(), authority, scheme.toLowerCase() === 'https') ?? invalid;
}

/** Where the request was sent to, by its header `Host`. */
export function targetOrigin(host: string, isTls: boolean): Origin | null {
  return placed(isTls ? 'https' : 'http', host, isTls);
}

/** Null: it may come in; otherwise the reason why not. `given` is empty where the client told no origin. */
export function refusalOf(given: string, host: string, isTls: boolean, rules: OriginRules): string | null {
  if ((!rules.isSameRequired && rules.allowed.length === 0) || given === '') return null;
  const origin = parseOrigin(given);
  if (typeof origin === 'string') return origin;
  const target = targetOrigin(host, isTls);
  if (rules.isSameRequired && (target === null || !isSame(origin, target))) return 'not same origin';
  if (rules.allowed.length === 0 || rules.allowed.some((allowed) => isSame(allowed, origin))) return null;
  return 'not in the allowed list';
}

function placed(scheme: string, authority: string, isTls: boolean): Origin | null {
  const [, host, port] = AUTHORITY.exec(authority) ?? [];
  if (host === undefined) return null;
  const number = port === undefined || port === '' ? (isTls ? HTTPS_PORT : HTTP_PORT) : Number(port);
  return { scheme, host: host.toLowerCase().replace(/^\[|\]$/g, ''), port: number };
}

function isSame(a: Origin, b: Origin): boolean {
  return a.scheme === b.scheme && a.host === b.host && a.port === b.port;
}
