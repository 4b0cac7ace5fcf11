/** Proxies whose word counts: behind one of them a client has the address the proxy tells. */
import { formatIp, parseIp } from '../../protocols/ip/ip-address.ts';

/** All addresses that begin with the same bits. */
export interface AddressRange {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** `10.0.0.0/8`, or one address. Null: neither. */
export function parseRange(text: string): AddressRange | null {
  const [, address, digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = address === undefined ? null : addressBytes(address);
  if (bytes === null) return null;
  const bits = digits === undefined ? bytes.length * 8 : Number(digits);
  return bits <= bytes.length * 8 ? { bytes, bits } : null;
}

/**
 * Whom the peer speaks for; null when it is not trusted, or does not say. Every proxy adds the address it saw at the end of
 * the list, so it is read from there, as long as the proxies are trusted: what stands before may be anybody's invention.
 */
export function clientBehind(
  peer: string,
  forwarded: readonly string[],
  trusted: readonly AddressRange[],
): string | null {
  if (trusted.length === 0 || !isTrusted(addressBytes(peer), trusted)) return null;
  let client: Uint8Array | null = null;
  for (const entry of forwarded.flatMap((line) => line.split(',')).reverse()) {
    const address = addressBytes(entry.trim());
    if (address === null) break;
    client = address;
    if (!isTrusted(address, trusted)) break;
  }
  return client === null ? null : formatIp(client);
}

function isTrusted(address: Uint8Array | null, trusted: readonly AddressRange[]): boolean {
  return address !== null && trusted.some((range) => isWithin(address, range));
}

function isWithin(address: Uint8Array, { bytes, bits }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== bytes[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((address[whole] as number) ^ (bytes[whole] as number)) >> (8 - rest) === 0;
}

/** IPv4 in the clothes of IPv6 is IPv4. */
function addressBytes(text: string): Uint8Array | null {
  const bytes = parseIp(text);
  return bytes === null ? null : parseIp(formatIp(bytes));
}
