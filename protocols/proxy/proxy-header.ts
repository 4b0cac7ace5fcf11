/**
 * The header a load balancer puts in front of a connection to say who the client really is: version 1 is a line of
 * text, version 2 is binary. See https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt.
 */
import { Buffer } from 'node:buffer';
import { formatIp, parseIp } from '../ip/ip-address.ts';

export interface ProxyAddress {
  host: string;
  port: number;
}

export interface ProxyHeader {
  kind: 'header';
  /** How many bytes the header takes; what follows is the client's. */
  consumed: number;
  /** Null when the header names nobody, and the address of the connection itself holds. */
  source: ProxyAddress | null;
  destination: ProxyAddress | null;
  /** The proxy speaks for itself, a health check for instance. */
  isLocal: boolean;
}

export type ProxyParse =
  | ProxyHeader
  /** The bytes may become a header: come back with at least `least` of them. */
  | { kind: 'more'; least: number }
  /** An ordinary client. */
  | { kind: 'none' }
  | { kind: 'error'; reason: string };

/** The longest header accepted: an unknown client must not make a server hold more. */
export const PROXY_HEADER_BYTES_MAX = 16 * 1024;

const SIGNATURE_1 = Buffer.from('PROXY ');
const SIGNATURE_2 = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
/** So many bytes of either signature tell a header from a client. */
const DECISIVE_BYTES = 6;
const LINE_BYTES_MAX = 107;
const FIXED_BYTES = 16;
const VERSION_2 = 0x2;
const COMMAND_LOCAL = 0x0;
const COMMAND_PROXY = 0x1;
const TRANSPORT_STREAM = 0x1;
const FAMILY_UNSPECIFIED = 0x0;
const ADDRESS_BYTES = new Map([
  [0x1, 4],
  [0x2, 16],
]);

/** Looks at the first bytes of a connection. Any number of them will do; `more` says how many would help. */
export function parseProxyHeader(bytes: Uint8Array): ProxyParse {
  const seen = Math.min(bytes.length, DECISIVE_BYTES);
  if (startsLike(bytes, SIGNATURE_1, seen)) return seen < DECISIVE_BYTES ? more(DECISIVE_BYTES) : parseLine(bytes);
  if (startsLike(bytes, SIGNATURE_2, seen)) return seen < DECISIVE_BYTES ? more(DECISIVE_BYTES) : parseBinary(bytes);
  return { kind: 'none' };
}

function startsLike(bytes: Uint8Array, signature: Uint8Array, count: number): boolean {
  for (let index = 0; index < count; index++) if (bytes[index] !== signature[index]) return false;
  return true;
}

function more(least: number): ProxyParse {
  return { kind: 'more', least };
}

function failure(reason: string): ProxyParse {
  return { kind: 'error', reason };
}

function header(consumed: number, source: ProxyAddress | null, destination: ProxyAddress | null): ProxyHeader {
  return { kind: 'header', consumed, source, destination, isLocal: false };
}

function parseLine(bytes: Uint8Array): ProxyParse {
  const feed = bytes.indexOf(0x0a);
  const length = feed + 1;
  if (length > LINE_BYTES_MAX || (length === 0 && bytes.length >= LINE_BYTES_MAX)) {
    return failure(`the line is longer than ${LINE_BYTES_MAX} bytes`);
  }
  if (length === 0) return more(bytes.length + 1);
  if (bytes[feed - 1] !== 0x0d) return failure('the line does not end with CR LF');
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, feed - 1).toString('latin1');
  return parseFields(line.trim().split(/[ \t\r\v\f]+/), length);
}

function parseFields(fields: string[], consumed: number): ProxyParse {
  const protocol = fields[1];
  if (protocol === 'UNKNOWN') return header(consumed, null, null);
  if (fields.length !== 6) return failure(`${fields.length} fields stand where 6 should`);
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return failure(`the protocol "${protocol}" is not known`);
  const source = parseEnd(fields[2]!, fields[4]!, protocol);
  if (typeof source === 'string') return failure(`source: ${source}`);
  const destination = parseEnd(fields[3]!, fields[5]!, protocol);
  if (typeof destination === 'string') return failure(`destination: ${destination}`);
  return header(consumed, source, destination);
}

function parseEnd(host: string, port: string, protocol: 'TCP4' | 'TCP6'): ProxyAddress | string {
  const ip = parseIp(host);
  if (ip === null) return `"${host}" is not an IP address`;
  if (ip.length !== (protocol === 'TCP4' ? 4 : 16)) return `"${host}" is not an address of ${protocol}`;
  if (!/^\d+$/.test(port) || Number(port) > 65_535) return `"${port}" is not a port`;
  return { host: formatIp(ip), port: Number(port) };
}

function parseBinary(bytes: Uint8Array): ProxyParse {
  if (!startsLike(bytes, SIGNATURE_2, Math.min(bytes.length, SIGNATURE_2.length))) {
    return failure('the signature is damaged');
  }
  if (bytes.length < FIXED_BYTES) return more(FIXED_BYTES);
  const version = bytes[12]! >> 4;
  if (version !== VERSION_2) return failure(`version ${version} is not known`);
  const consumed = FIXED_BYTES + ((bytes[14]! << 8) | bytes[15]!);
  if (consumed > PROXY_HEADER_BYTES_MAX) return failure(`the header is longer than ${PROXY_HEADER_BYTES_MAX} bytes`);
  const parsed = parseBlock(bytes, consumed);
  return parsed.kind === 'header' && bytes.length < consumed ? more(consumed) : parsed;
}

/** What the fixed part allows, and the addresses behind it if they are there already. */
function parseBlock(bytes: Uint8Array, consumed: number): ProxyParse {
  const command = bytes[12]! & 0x0f;
  if (command === COMMAND_LOCAL) return { ...header(consumed, null, null), isLocal: true };
  if (command !== COMMAND_PROXY) return failure(`command ${command} is not known`);
  if ((bytes[13]! & 0x0f) !== TRANSPORT_STREAM) return failure('only streams can be proxied');
  const family = bytes[13]! >> 4;
  if (family === FAMILY_UNSPECIFIED) return header(consumed, null, null);
  const size = ADDRESS_BYTES.get(family);
  if (size === undefined) return failure(`address family ${family} is not supported`);
  const needed = FIXED_BYTES + size * 2 + 4;
  if (consumed < needed) return failure(`${consumed - FIXED_BYTES} bytes are too few for two addresses`);
  return bytes.length < needed ? more(consumed) : readAddresses(bytes, size, consumed);
}

function readAddresses(bytes: Uint8Array, size: number, consumed: number): ProxyHeader {
  const ports = FIXED_BYTES + size * 2;
  const read = (which: 0 | 1): ProxyAddress => {
    const from = FIXED_BYTES + which * size;
    const port = (bytes[ports + which * 2]! << 8) | bytes[ports + which * 2 + 1]!;
    return { host: formatIp(bytes.subarray(from, from + size)), port };
  };
  return header(consumed, read(0), read(1));
}

/** The text form. Without addresses it says `UNKNOWN`. */
export function encodeProxyLine(source?: ProxyAddress, destination?: ProxyAddress): Uint8Array {
  if (source === undefined || destination === undefined) return Buffer.from('PROXY UNKNOWN\r\n');
  const protocol = source.host.includes(':') ? 'TCP6' : 'TCP4';
  return Buffer.from(`PROXY ${protocol} ${source.host} ${destination.host} ${source.port} ${destination.port}\r\n`);
}

/** The binary form. Without addresses the proxy speaks for itself. `extra` stands for the fields after the addresses. */
export function encodeProxyBinary(
  source?: ProxyAddress,
  destination?: ProxyAddress,
  extra: Uint8Array = new Uint8Array(0),
): Uint8Array {
  if (source === undefined || destination === undefined) return binary(COMMAND_LOCAL, 0, extra);
  const [from, to] = [ipOf(source), ipOf(destination)];
  const family = from.length === 4 ? 0x1 : 0x2;
  const ports = [source.port >> 8, source.port & 0xff, destination.port >> 8, destination.port & 0xff];
  const block = Buffer.concat([from, to, Uint8Array.from(ports), extra]);
  return binary(COMMAND_PROXY, (family << 4) | TRANSPORT_STREAM, block);
}

function binary(command: number, kind: number, block: Uint8Array): Uint8Array {
  const fixed = [(VERSION_2 << 4) | command, kind, block.length >> 8, block.length & 0xff];
  return Buffer.concat([SIGNATURE_2, Uint8Array.from(fixed), block]);
}

function ipOf(address: ProxyAddress): Uint8Array {
  const ip = parseIp(address.host);
  if (ip === null) throw new TypeError(`"${address.host}" is not an IP address`);
  return ip;
}
