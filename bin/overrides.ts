/** From flags to the values that take the place of the configuration file's, at the start and at every reload. */
import type { Overrides } from '../kernel/config/override.ts';
import type { PlainValue } from '../kernel/config/plain.ts';
import { FLAGS } from './flag-table.ts';
import type { FlagValue } from './flags.ts';

type Given = ReadonlyMap<string, FlagValue>;

/** A combination of flags that cannot be. */
export class FlagConflict extends Error {}

export function overridesOf(given: Given): Overrides {
  const overrides: Record<string, PlainValue | null> = {};
  for (const { names, sets = [] } of FLAGS) {
    const value = given.get(names[0]!);
    if (value !== undefined) for (const key of sets) overrides[key] = value;
  }
  Object.assign(overrides, credentialOverrides(given), tlsOverrides(given), clusterOverrides(given));
  return overrides;
}

/** Empty texts take out what the file says. */
function credentialOverrides(given: Given): Record<string, PlainValue | null> {
  const overrides: Record<string, PlainValue | null> = {};
  for (const [name, key] of [
    ['user', 'authorization.user'],
    ['pass', 'authorization.password'],
    ['auth', 'authorization.token'],
  ] as const) {
    const value = given.get(name);
    if (value !== undefined) overrides[key] = value === '' ? null : value;
  }
  return overrides;
}

const TLS_FLAGS = ['tls', 'tlscert', 'tlskey', 'tlsverify', 'tlscacert'];

/** Any of them takes the place of the whole block. */
function tlsOverrides(given: Given): Record<string, PlainValue | null> {
  if (given.get('tls') === false) return { tls: null };
  if (!TLS_FLAGS.some((name) => given.has(name))) return {};
  const block: Record<string, PlainValue> = {};
  for (const [name, key, what] of [
    ['tlscert', 'cert_file', 'certificate'],
    ['tlskey', 'key_file', 'private key'],
  ] as const) {
    const path = given.get(name);
    if (path === undefined || path === '') throw new FlagConflict(`TLS Server ${what} must be present and valid`);
    block[key] = path;
  }
  const authority = given.get('tlscacert');
  if (authority !== undefined && authority !== '') block.ca_file = authority;
  if (given.get('tlsverify') === true) block.verify = true;
  return { tls: block };
}

function clusterOverrides(given: Given): Record<string, PlainValue | null> {
  const overrides: Record<string, PlainValue | null> = {};
  const routes = given.get('routes');
  if (typeof routes === 'string') overrides['cluster.routes'] = routes.split(',').map((url) => url.trim());
  const listen = given.get('cluster');
  if (listen === '') return { cluster: null };
  if (typeof listen === 'string') Object.assign(overrides, clusterListen(listen));
  return overrides;
}

function clusterListen(text: string): Record<string, PlainValue> {
  const url = /^(?:[\w+-]+:\/\/)?(?:([^@/]*)@)?(.*?):(-?\d+)\/?$/.exec(text);
  if (url === null) throw new FlagConflict(`could not parse address string ${JSON.stringify(text)}`);
  const overrides: Record<string, PlainValue> = { 'cluster.host': url[2]!, 'cluster.port': Number(url[3]) };
  if (url[1] === undefined) return overrides;
  const [user, password] = url[1].split(':');
  if (password === undefined) throw new FlagConflict('expected cluster password to be set');
  return { ...overrides, 'cluster.authorization.user': user!, 'cluster.authorization.password': password };
}
