/** A server to form a cluster with, as the configuration or another server names it. */

export interface RouteUrl {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const PORT = 6222;
const ADDRESS = /^[\d.]+$|:/;
const URL_FORM = /^(?:[\w+-]+:\/\/)?(?:([^@/]*)@)?(\[[^\]]+\]|[^:/@\s]+)(?::(\d{1,5}))?\/?$/;

/** Null for what is none. */
export function parseRouteUrl(text: string): RouteUrl | null {
  const parts = URL_FORM.exec(text.trim());
  if (parts === null) return null;
  const [, login = '', host = '', digits] = parts;
  const port = digits === undefined ? PORT : Number(digits);
  if (port > 65_535) return null;
  const colon = login.indexOf(':');
  const user = colon < 0 ? login : login.slice(0, colon);
  const password = colon < 0 ? '' : login.slice(colon + 1);
  return { host: bare(host), port, user: decoded(user), password: decoded(password) };
}

/** How it is shown; never with what it takes to log in. */
export function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function haveSameAddress(one: RouteUrl, other: RouteUrl): boolean {
  return one.port === other.port && one.host.toLowerCase() === other.host.toLowerCase();
}

export function isSameUrl(one: RouteUrl, other: RouteUrl): boolean {
  return haveSameAddress(one, other) && one.user === other.user && one.password === other.password;
}

/** Whoever was only heard of by address has to prove to be one of the servers that are known by name. */
export function hostToProve(host: string, known: readonly RouteUrl[]): string {
  if (!ADDRESS.test(host)) return host;
  return known.find((url) => !ADDRESS.test(url.host))?.host ?? host;
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
