/** Where somebody may come from: networks in CIDR notation. */
import { parseIp } from '../../protocols/ip/ip-address.ts';

export interface Subnet {
  /** Always 16 bytes: IPv4 in IPv6 clothes, so that both can be compared. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

const IP4_BITS = 32;
const IP6_BITS = 128;
const MAPPED_BITS = 96;

/** Null when the text is no network: `10.0.0.0/8`, `2001:db8::/32`. */
export function parseSubnet(text: string): Subnet | null {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = parseIp(address);
  if (bytes === null) return null;
  const isShort = bytes.length === 4;
  const bits = Number(digits);
  if (bits > (isShort ? IP4_BITS : IP6_BITS)) return null;
  return { bytes: widened(bytes), bits: isShort ? MAPPED_BITS + bits : bits };
}

/** What is no address, as within the process, is inside no network. */
export function isInside(address: string, networks: readonly Subnet[]): boolean {
  const bytes = parseIp(address.replace(/%.*$/, ''));
  if (bytes === null) return false;
  const wide = widened(bytes);
  return networks.some((network) => isCovered(wide, network));
}

function isCovered(bytes: Uint8Array, network: Subnet): boolean {
  const whole = network.bits >> 3;
  for (let at = 0; at < whole; at++) if (bytes[at] !== network.bytes[at]) return false;
  const rest = network.bits & 7;
  return rest === 0 || (bytes[whole] ^ network.bytes[whole]) >> (8 - rest) === 0;
}

function widened(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const wide = new Uint8Array(16);
  wide[10] = 0xff;
  wide[11] = 0xff;
  wide.set(bytes, 12);
  return wide;
}
