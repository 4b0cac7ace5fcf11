import type { Socket } from 'node:net';
import type { Address } from './transport.ts';

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

export function remoteAddress(socket: Socket): Address {
  return { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 };
}

export function localAddress(socket: Socket): Address {
  return { host: plainHost(socket.localAddress), port: socket.localPort ?? 0 };
}

/** A listener on all addresses sees IPv4 peers in IPv6 clothes; people and allow-lists write the plain form. */
function plainHost(host: string | undefined): string {
  return host === undefined ? '' : host.replace(MAPPED, '');
}

/** `[::1]` is how a host with colons is written next to a port; the system wants it bare. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** host:port, with the brackets that a host with colons needs. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
