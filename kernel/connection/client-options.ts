/** What a client says of itself in CONNECT. */

export interface ClientOptions {
  verbose: boolean;
  pedantic: boolean;
  echo: boolean;
  tls_required: boolean;
  protocol: number;
  headers: boolean;
  no_responders: boolean;
  name: string;
  lang: string;
  version: string;
  user: string;
  pass: string;
  auth_token: string;
  nkey: string;
  jwt: string;
  sig: string;
  proxy_sig: string;
  account: string;
  new_account: boolean;
}

/** What holds for a client that never sends CONNECT. */
export const DEFAULT_CLIENT_OPTIONS: Readonly<ClientOptions> = {
  verbose: true,
  pedantic: true,
  echo: true,
  tls_required: false,
  protocol: 0,
  headers: false,
  no_responders: false,
  name: '',
  lang: '',
  version: '',
  user: '',
  pass: '',
  auth_token: '',
  nkey: '',
  jwt: '',
  sig: '',
  proxy_sig: '',
  account: '',
  new_account: false,
};

/** The options with what the JSON says laid over them; null when it is no object, or a known key has the wrong type. */
export function mergeClientOptions(before: Readonly<ClientOptions>, json: string): ClientOptions | null {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    return null;
  }
  const after = { ...before };
  if (said === null) return after;
  if (typeof said !== 'object' || Array.isArray(said)) return null;
  for (const [key, value] of Object.entries(said)) {
    const known = key.toLowerCase();
    if (value !== null && !fitsOtherPorts(known, value)) return null;
    if (!Object.hasOwn(DEFAULT_CLIENT_OPTIONS, known) || value === null) continue;
    if (!isOfKind(value, DEFAULT_CLIENT_OPTIONS[known as keyof ClientOptions])) return null;
    Object.assign(after, { [known]: value });
  }
  return after;
}

/** Keys that mean something on other ports only; here they have to be of the right type, no more. */
function fitsOtherPorts(key: string, value: unknown): boolean {
  if (key === 'remote_account') return typeof value === 'string';
  return (key !== 'import' && key !== 'export') || (typeof value === 'object' && !Array.isArray(value));
}

function isOfKind(value: unknown, example: unknown): boolean {
  return typeof value === typeof example && (typeof value !== 'number' || Number.isSafeInteger(value));
}
