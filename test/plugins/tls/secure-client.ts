/** A client that speaks bytes inside TLS. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { certificate } from '../../fixtures/tls/certificates.ts';
import { RawClient } from '../running-server.ts';

const { ca } = certificate('server');
export const CERTIFICATE = 'cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem"';

export const alice = pick('client');
export const stranger = pick('stranger');

function pick(name: 'client' | 'stranger'): { cert: Buffer; key: Buffer } {
  const { cert, key } = certificate(name);
  return { cert, key };
}

/** Begins TLS at once, over a connection of its own. */
export async function connectFirst(port: number, options: ConnectionOptions = {}): Promise<SecureClient> {
  return SecureClient.over(connect({ port, host: '127.0.0.1', ca, ...options }));
}

/** Reads INFO in clear, then begins TLS. */
export async function connectAfterInfo(port: number, options: ConnectionOptions = {}): Promise<SecureClient> {
  const plain = await RawClient.connect(port);
  await plain.until(/INFO .*\r\n/);
  plain.socket.removeAllListeners('data');
  const secure = await SecureClient.over(connect({ socket: plain.socket, host: '127.0.0.1', ca, ...options }));
  secure.clearText = plain.text;
  return secure;
}

/** The same, with a way past the engine on this side: what goes there reaches the other one as it is. */
export async function connectBeside(port: number): Promise<SecureClient> {
  const plain = await RawClient.connect(port);
  await plain.until(/INFO .*\r\n/);
  plain.socket.removeAllListeners('data');
  const engine = new Duplex({
    read: () => void plain.socket.resume(),
    write: (bytes: Buffer, _encoding, done) => void plain.socket.write(bytes, () => done()),
  });
  plain.socket.on('data', (bytes) => engine.push(bytes)).on('close', () => engine.destroy());
  const secure = await SecureClient.over(connect({ socket: engine, host: '127.0.0.1', ca }));
  secure.beneath = plain.socket;
  return secure;
}

export class SecureClient extends RawClient {
  readonly tls: TLSSocket;
  /** What came before TLS. */
  clearText = '';
  /** The connection below TLS, where a test needs it. */
  beneath: Socket | null = null;

  private constructor(tls: TLSSocket) {
    super(tls);
    this.tls = tls;
  }

  /** Rejects when the handshake fails on this side. */
  static async over(tls: TLSSocket): Promise<SecureClient> {
    const client = new SecureClient(tls);
    await once(tls, 'secureConnect');
    return client;
  }
}

/** Logs in and waits until everything is answered. */
export async function greet(client: RawClient): Promise<void> {
  client.send('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 5\r\nhello\r\nPING\r\n');
  await client.until(/MSG a 1 5\r\nhello\r\nPONG\r\n/);
}
