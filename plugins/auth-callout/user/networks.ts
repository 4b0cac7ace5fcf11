/** Networks that a user may come from, as `10.0.0.0/8`. */
import { BlockList, isIP } from 'node:net';

const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

export function isNetwork(text: string): boolean {
  return parse(text) !== null;
}

/** No networks: from anywhere. An address that is none, as within this process, is in no network. */
export function isWithin(networks: readonly string[], host: string): boolean {
  if (networks.length === 0) return true;
  if (isIP(host) === 0) return false;
  const list = new BlockList();
  for (const text of networks) {
    const network = parse(text);
    if (network !== null) list.addSubnet(network.address, network.bits, familyOf(network.address));
  }
  return list.check(host, familyOf(host));
}

function parse(text: string): { address: string; bits: number } | null {
  const [address = '', digits = '', ...rest] = text.split('/');
  const most = BITS[isIP(address)];
  if (most === undefined || rest.length > 0 || !/^\d{1,3}$/.test(digits) || Number(digits) > most) return null;
  return { address, bits: Number(digits) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
