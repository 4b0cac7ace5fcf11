import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { NetworkError } from './network-error.ts';
import type { ConnectOptions, Listener, ListenOptions, Network } from './ports.ts';
import { bareHost } from './socket-address.ts';
import { TcpTransport } from './tcp-transport.ts';
import type { Transport } from './transport.ts';

/** Connections that wait to be accepted; a restart brings all clients back at once. The system may cap it. */
const BACKLOG = 4096;
const CONNECT_TIMEOUT_MS = 10_000;

export class TcpNetwork implements Network {
  async listen(options: ListenOptions, accept: (transport: Transport) => void): Promise<Listener> {
    const host = bareHost(options.host);
    const port = Math.max(options.port, 0);
    const readBuffer = options.readBuffer ?? null;
    const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, (socket) =>
      accept(new TcpTransport(socket, readBuffer)),
    );
    await bind(server, host, port);
    // A failed accept (no descriptor left, say) concerns one connection that never was; the listener goes on.
    server.on('error', (error) => options.onError?.(new NetworkError('accept', host, port, error)));
    const bound = server.address() as AddressInfo;
    return { host: bound.address, port: bound.port, close: () => close(server) };
  }

  async connect(options: ConnectOptions): Promise<Transport> {
    const socket = await dial(bareHost(options.host), options.port, options.timeoutMs ?? CONNECT_TIMEOUT_MS);
    return new TcpTransport(socket, options.readBuffer ?? null);
  }

  interfaceAddresses(): string[] {
    const found: string[] = [];
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address, internal } of addresses ?? []) {
        if (!internal && !isLinkLocal(address)) found.push(address);
      }
    }
    return found;
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new NetworkError('listen', host, port, error));
    server.once('error', fail);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** The port is free as soon as `close` returns; Node's own callback would wait for every accepted connection. */
function close(server: Server): Promise<void> {
  server.close();
  return new Promise((resolve) => setImmediate(resolve));
}

function dial(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    // Nothing may be read before somebody is there to receive it.
    socket.pause();
    const timer = setTimeout(() => socket.destroy(timedOut()), timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(new NetworkError('connect', host, port, error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/** An address that only means something on one cable is of no use to a client elsewhere. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

function timedOut(): Error {
  return Object.assign(new Error('no answer came in time'), { code: 'ETIMEDOUT' });
}
