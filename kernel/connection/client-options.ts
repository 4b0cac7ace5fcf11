/** What a client says of itself in CONNECT. */
import { jsonFailure, typeFailure } from '../../protocols/client/json-failure.ts';

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

/** The options with what the JSON says laid over them; or why not: it is no object, or a known key has the wrong type. */
export function mergeClientOptions(before: Readonly<ClientOptions>, json: string): ClientOptions | string {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    return jsonFailure(json) ?? 'invalid JSON';
  }
  const after = { ...before };
  if (said === null) return after;
  if (typeof said !== 'object' || Array.isArray(said)) return typeFailure(said, 'Go value of type server.ClientOpts');
  for (const [key, value] of Object.entries(said)) {
    const known = key.toLowerCase();
    if (value === null) continue;
    if (!fitsOtherPorts(known, value))
      return mismatch(value, known, known === 'remote_account' ? 'string' : 'server.SubjectPermission');
    if (!Object.hasOwn(DEFAULT_CLIENT_OPTIONS, known)) continue;
    const example = DEFAULT_CLIENT_OPTIONS[known as keyof ClientOptions];
    if (!isOfKind(value, example)) return mismatch(value, known, TYPES[typeof example]!);
    Object.assign(after, { [known]: value });
  }
  return after;
}

const TYPES: Readonly<Record<string, string>> = { boolean: 'bool', string: 'string', number: 'int' };
function mismatch(value: unknown, key: string, type: string): string {
  return typeFailure(value, `Go struct field ClientOpts.${key} of type ${type}`, type === 'int');
}

/** Keys that mean something on other ports only; here they have to be of the right type, no more. */
function fitsOtherPorts(key: string, value: unknown): boolean {
  if (key === 'remote_account') return typeof value === 'string';
  return (key !== 'import' && key !== 'export') || (typeof value === 'object' && !Array.isArray(value));
}

function isOfKind(value: unknown, example: unknown): boolean {
  return typeof value === typeof example && (typeof value !== 'number' || Number.isSafeInteger(value));
}
