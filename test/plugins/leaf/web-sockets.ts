/** Leafs that come over WebSocket. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import type { WebSocketAddress } from '../../../plugins/websocket/contract.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import type { LeafNode } from './nodes.ts';

function certificate(): { key: Buffer; cert: Buffer } {
  return { key: readFileSync(`${TLS_FIXTURES}/server-key.pem`), cert: readFileSync(`${TLS_FIXTURES}/server.pem`) };
}

/** A block for hubs. */
export function webText(more = 'no_tls: true'): string {
  return `websocket { host: 127.0.0.1, port: -1, ${more} }`;
}

export function webPortOf({ server, log }: LeafNode): number {
  if (server === null)
    return Number(/Listening for websocket clients on wss?:\/\/\S+:(\d+)/.exec(log.join(''))?.[1] ?? 0);
  const address = server.host.capabilities.find('websocket.address')!.value as WebSocketAddress;
  const [url = ''] = address.urls();
  return Number(new URL(url).port);
}

export function webSpokeText(hub: LeafNode, more = '', url = ''): string {
  return `leafnodes { remotes: [{ url: "${url || `ws://127.0.0.1:${webPortOf(hub)}`}", ${more} }] }`;
}

export interface Proxy {
  readonly port: number;
  /** Heads of the requests that came. */
  readonly requests: string[];
  close(): void;
}

/** Goes on to wherever it is asked to, for whoever shows `login`. Behind `https://` with the certificate of the fixtures. */
export async function startProxy(login = '', isSecure = false): Promise<Proxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('data', (data) => {
      const head = data.toString('latin1');
      requests.push(head);
      const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) HTTP\/1\.1\r\n/.exec(head) ?? [];
      const expected = `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;
      if (login !== '' && !head.includes(expected)) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
    });
    socket.on('error', () => {});
  };
  const server: NetServer = isSecure ? createSecureServer(certificate(), serve) : createServer(serve);
  server.on('tlsClientError', () => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as { port: number }).port,
    requests,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
