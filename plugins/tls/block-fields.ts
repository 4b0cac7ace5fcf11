/** How single keys of a `tls` block are read, with the texts of a NATS server for what is wrong with them. */
import {
  type ArrayNode,
  type ConfigNode,
  type FieldUse,
  fields,
  mismatchText,
  parseDuration,
  typeName,
} from '../../kernel/plugin-api.ts';
import {
  cipherList,
  curveList,
  DEFAULT_CIPHERS,
  DEFAULT_CURVES,
  findCurve,
  findSuite,
  isCurveSupported,
  type KnownSuite,
} from './cipher-names.ts';
import type { CertificateFiles, HandshakeFirst } from './tls-options.ts';

const PARSING = 'error parsing tls config';
const SECOND = 1000;
export const TIMEOUT_MS = 2 * SECOND;
const AUTO_FALLBACK_MS = 50;
const KEY_DIGEST = /^[0-9a-f]{64}$/i;

function fail(node: ConfigNode, use: FieldUse, text: string): undefined {
  use.problems.error(node, text);
  return undefined;
}

export function file<Key extends string>(key: Key, doc: string) {
  const read = (node: ConfigNode, use: FieldUse): string | undefined =>
    node.kind === 'string' ? node.value : fail(node, use, `${PARSING}, expected '${key}' to be filename`);
  return fields.custom(key, 'file', read, { default: '', doc });
}

export function flag<Key extends string>(key: Key, doc: string, prefix = `${PARSING}, `) {
  const read = (node: ConfigNode, use: FieldUse): boolean | undefined =>
    node.kind === 'boolean' ? node.value : fail(node, use, `${prefix}expected '${key}' to be a boolean`);
  return fields.custom(key, 'boolean', read, { default: false, doc });
}

/** Keys of another operating system. */
export function foreignText<Key extends string>(key: Key, doc: string) {
  const read = (node: ConfigNode, use: FieldUse): string | undefined =>
    node.kind === 'string' && node.value !== ''
      ? node.value
      : fail(node, use, `expected '${key}' to be a valid non-empty string`);
  return fields.custom(key, 'string', read, { default: '', doc });
}

/** Seconds with fractions, or a duration. */
export function timeout() {
  const read = (node: ConfigNode, use: FieldUse): number | undefined => {
    if (node.kind === 'integer' || node.kind === 'float') return Number(node.value) * SECOND;
    if (node.kind !== 'string') return fail(node, use, `${PARSING}, 'timeout' wrong type`);
    const outcome = parseDuration(node.value);
    return 'ms' in outcome ? outcome.ms : fail(node, use, `${PARSING}, 'timeout' ${outcome.failure}`);
  };
  return fields.custom('timeout', 'seconds or duration', read, {
    default: TIMEOUT_MS,
    doc: 'How long a handshake may take.',
  });
}

export function rateLimit() {
  const read = (node: ConfigNode, use: FieldUse): number | undefined =>
    node.kind === 'integer' ? Number(node.value) : fail(node, use, `${PARSING}, 'connection_rate_limit' wrong type`);
  return fields.custom('connection_rate_limit', 'integer', read, {
    default: 0,
    doc: 'How many handshakes a second are begun. 0: no limit.',
  });
}

export function handshakeFirst() {
  return fields.custom<'handshake_first', HandshakeFirst>(
    'handshake_first',
    'boolean, auto or duration',
    readHandshakeFirst,
    {
      default: false,
      aliases: ['first', 'immediate'],
      doc: 'TLS begins before INFO; with `auto` or a duration INFO comes first for clients that wait so long.',
    },
  );
}

function readHandshakeFirst(node: ConfigNode, use: FieldUse): HandshakeFirst | undefined {
  const key = use.writtenKey;
  if (node.kind === 'boolean') return node.value;
  if (node.kind !== 'string') {
    return fail(node, use, `field "${key}" should be a boolean or a string, got ${typeName(node)}`);
  }
  const word = node.value.toLowerCase();
  if (word === 'true' || word === 'on') return true;
  if (word === 'false' || word === 'off') return false;
  if (word === 'auto' || word === 'auto_fallback') return { fallbackMs: AUTO_FALLBACK_MS };
  const outcome = parseDuration(node.value);
  if (!('ms' in outcome)) return fail(node, use, `field "${key}"'s value "${node.value}" is invalid`);
  return outcome.ms > 0 ? { fallbackMs: outcome.ms } : true;
}

export function pinnedCertificates() {
  const expected = `${PARSING}, expected 'pinned_certs' to be a list of hex-encoded sha256 of DER encoded SubjectPublicKeyInfo`;
  const read = (node: ConfigNode, use: FieldUse): ReadonlySet<string> | undefined => {
    if (node.kind !== 'array') return fail(node, use, expected);
    const keys = new Set<string>();
    for (const item of node.value) {
      if (item.kind === 'string' && KEY_DIGEST.test(item.value)) keys.add(item.value.toLowerCase());
      else fail(item, use, badDigest(item));
    }
    return keys;
  };
  return fields.custom('pinned_certs', 'array of strings', read, {
    default: new Set<string>(),
    print: (keys) => `[${[...keys].join(' ')}]`,
    doc: 'The only keys clients may have: hex of the SHA-256 of their SubjectPublicKeyInfo.',
  });
}

function badDigest(item: ConfigNode): string {
  const shown = item.kind === 'map' || item.kind === 'array' ? item.kind : String(item.value);
  return `${PARSING}, 'pinned_certs' key ${shown} does not look like hex-encoded sha256 of DER encoded SubjectPublicKeyInfo`;
}

export interface ChosenSuites {
  readonly list: string;
  readonly insecure: readonly string[];
}

export function cipherSuites() {
  const read = (node: ConfigNode, use: FieldUse): ChosenSuites | undefined => {
    const names = namesIn(node, use, 'cipher_suites');
    if (names === undefined) return undefined;
    const suites = names.map(({ item, name }) => findSuite(name) ?? fail(item, use, `unrecognized cipher ${name}`));
    if (suites.includes(undefined)) return undefined;
    const known = suites as KnownSuite[];
    for (const suite of known.filter(({ runtimeName }) => runtimeName === null)) {
      use.problems.warning(node, `this runtime cannot speak the cipher suite ${suite.name}; it is left out`);
    }
    return { list: cipherList(known), insecure: known.filter((suite) => suite.isInsecure).map(({ name }) => name) };
  };
  return fields.custom<'cipher_suites', ChosenSuites>('cipher_suites', 'array of strings', read, {
    default: { list: DEFAULT_CIPHERS, insecure: [] },
    print: ({ list }) => list,
    doc: 'Suites of TLS 1.2 by their standard names. Those of TLS 1.3 are always there.',
  });
}

export function curvePreferences() {
  const read = (node: ConfigNode, use: FieldUse): string | undefined => {
    const names = namesIn(node, use, 'curve_preferences');
    if (names === undefined) return undefined;
    const found: string[] = [];
    for (const { item, name } of names) {
      const curve = findCurve(name);
      if (curve === undefined) return fail(item, use, `unrecognized curve preference ${name}`);
      if (isCurveSupported(curve)) found.push(curve);
      else use.problems.warning(item, `this runtime cannot use the curve ${name}; it is left out`);
    }
    if (found.length > 0) return curveList(found);
    return fail(node, use, `${PARSING}, this runtime supports none of the 'curve_preferences'`);
  };
  return fields.custom('curve_preferences', 'array of strings', read, {
    default: DEFAULT_CURVES,
    doc: 'The key exchanges that may be used.',
  });
}

function namesIn(node: ConfigNode, use: FieldUse, key: string): { item: ConfigNode; name: string }[] | undefined {
  if (node.kind !== 'array') return fail(node, use, mismatchText(node, 'array'));
  if (node.value.length === 0) return fail(node, use, `${PARSING}, '${key}' cannot be empty`);
  const names: { item: ConfigNode; name: string }[] = [];
  for (const item of node.value) {
    if (item.kind !== 'string') return fail(item, use, mismatchText(item, 'string'));
    names.push({ item, name: item.value });
  }
  return names;
}

export function versionMin() {
  const read = (node: ConfigNode, use: FieldUse): 'TLSv1.2' | 'TLSv1.3' | undefined => {
    if (node.kind !== 'string') return fail(node, use, `${PARSING}: 'min_version' wrong type: ${shownValue(node)}`);
    if (node.value === '1.2' || node.value === '1.3') return `TLSv${node.value}`;
    const isOld = node.value === '1.0' || node.value === '1.1';
    const what = isOld ? `unsupported TLS version: TLS ${node.value}` : `unknown version: ${node.value}`;
    return fail(node, use, `${PARSING}: ${what}`);
  };
  return fields.custom<'min_version', 'TLSv1.2' | 'TLSv1.3'>('min_version', '"1.2" or "1.3"', read, {
    default: 'TLSv1.2',
    doc: 'The oldest version taken. In quotes: 1.3 alone is a number.',
  });
}

export function certificates() {
  return fields.custom<'certs', readonly CertificateFiles[]>('certs', 'array of maps', readCertificates, {
    default: [],
    aliases: ['certificates'],
    print: (list) => `[${list.map((pair) => pair.certificateFile).join(' ')}]`,
    doc: 'Several certificates, each with `cert_file` and `key_file`; the client says which host it wants.',
  });
}

function readCertificates(node: ConfigNode, use: FieldUse): readonly CertificateFiles[] | undefined {
  const parsing = 'error parsing certificates config';
  if (node.kind !== 'array') return fail(node, use, `${parsing}: unsupported type ${typeName(node)}`);
  const items = (node as ArrayNode).value;
  const pairs = items.map((item, index) => readPair(item, ` ${index + 1}/${items.length}`, use, parsing));
  return pairs.includes(undefined) ? undefined : (pairs as CertificateFiles[]);
}

function readPair(item: ConfigNode, label: string, use: FieldUse, parsing: string): CertificateFiles | undefined {
  if (item.kind !== 'map') return fail(item, use, `${parsing}: unsupported type ${typeName(item)}`);
  const files = new Map<string, string>();
  for (const { key, value } of item.value.values()) {
    if (value.kind !== 'string') return fail(item, use, `${parsing}: unsupported type ${typeName(value)}`);
    const known = key.toLowerCase();
    if (known !== 'cert_file' && known !== 'key_file') {
      return fail(value, use, `error parsing tls certs config, unknown field "${key}"`);
    }
    files.set(known, value.value);
  }
  const [certificateFile = '', keyFile = ''] = [files.get('cert_file'), files.get('key_file')];
  if (certificateFile !== '' && keyFile !== '') return { certificateFile, keyFile, label };
  return fail(item, use, `${parsing}: both 'cert_file' and 'cert_key' options are required`);
}

export function foreignStore() {
  const read = (node: ConfigNode, use: FieldUse): string | undefined => {
    if (node.kind !== 'string' || node.value === '') {
      return fail(node, use, "expected 'cert_store' to be a valid non-empty string");
    }
    // Both texts are those of nats-server, which knows these stores on Windows only.
    const isKnown = /^windows(currentuser|localmachine)$/i.test(node.value);
    const what = isKnown
      ? 'cert_store not compatible with current operating system'
      : 'cert store type not implemented';
    return fail(node, use, what);
  };
  return fields.custom('cert_store', 'string', read, { default: '', doc: 'Of Windows; not here.' });
}

function shownValue(node: ConfigNode): string {
  return node.kind === 'map' || node.kind === 'array' ? typeName(node) : String(node.value);
}
