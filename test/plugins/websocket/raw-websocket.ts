/** A WebSocket client that speaks bytes, and a broker for it. */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import type { WebSocketAddress } from '../../../plugins/websocket/contract.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import {
  clientFrame,
  type FrameOptions,
  type ReadFrame,
  readServerFrames,
} from '../../protocols/websocket/client-frames.ts';
import { RawClient, type RunningServer, withServer } from '../running-server.ts';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const TAIL = Buffer.of(0, 0, 0xff, 0xff);

export const UPGRADE = [
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
];
export const COMPRESSED = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';
export const BROWSER = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/120';
export const SAFARI = 'User-Agent: Mozilla/5.0 (Macintosh) Version/17.4 Safari/605.1.15';

export interface Served extends RunningServer {
  readonly wsPort: number;
  open(options?: OpenOptions): Promise<RawWebSocket>;
}

export interface OpenOptions {
  path?: string;
  headers?: readonly string[];
}

/** The block's keys besides host, port and `no_tls`; `top` stands outside. */
export function withWebSocket(
  block: string,
  use: (served: Served) => Promise<void>,
  { top = '', others = [] }: { top?: string; others?: readonly PluginDefinition[] } = {},
): Promise<void> {
  const text = `websocket { host: 127.0.0.1, port: -1, ${/\btls\b/.test(block) ? '' : 'no_tls: true,'} ${block} }\n${top}`;
  return withServer(text, [websocket, auth, ...others], async (running) => {
    const wsPort = portOf(running);
    await use({ ...running, wsPort, open: (options) => RawWebSocket.open(wsPort, options) });
  });
}

export function portOf({ server }: RunningServer): number {
  const address = server.host.capabilities.find('websocket.address')!.value as WebSocketAddress;
  return Number(new URL(address.urls()[0]!).port);
}

export class RawWebSocket {
  readonly client: RawClient;
  /** The answer to the upgrade. */
  head = '';

  constructor(client: RawClient) {
    this.client = client;
  }

  static async open(port: number, options: OpenOptions = {}): Promise<RawWebSocket> {
    return RawWebSocket.over(await RawClient.connect(port), options);
  }

  static async over(client: RawClient, { path = '/', headers = [] }: OpenOptions = {}): Promise<RawWebSocket> {
    const socket = new RawWebSocket(client);
    client.send(`GET ${path} HTTP/1.1\r\n${[...UPGRADE, ...headers].join('\r\n')}\r\n\r\n`);
    [socket.head] = await client.until(/^[\s\S]*?\r\n\r\n/);
    return socket;
  }

  get frames(): ReadFrame[] {
    return readServerFrames(Buffer.from(this.client.text.slice(this.head.length), 'latin1')).frames;
  }

  /** The bytes of the protocol so far. */
  get stream(): string {
    let stream = '';
    let message: ReadFrame[] = [];
    for (const frame of this.frames) {
      if (frame.opcode > 2) continue;
      message.push(frame);
      if (!frame.isFinal) continue;
      const payload = Buffer.concat(message.map((part) => part.payload));
      stream += (message[0]!.isCompressed ? inflated(payload) : payload).toString('latin1');
      message = [];
    }
    return stream;
  }

  /** The code and text of the close frame; null while there is none. */
  get goodbye(): { code: number; text: string } | null {
    const payload = this.frames.find((frame) => frame.opcode === 8)?.payload;
    if (payload === undefined) return null;
    return payload.length === 0
      ? { code: 0, text: '' }
      : { code: payload.readUInt16BE(0), text: payload.toString('utf8', 2) };
  }

  send(payload: string | Uint8Array, options: FrameOptions = {}): void {
    this.client.send(clientFrame(typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload, options));
  }

  sendCompressed(text: string | Uint8Array, options: FrameOptions = {}): void {
    this.send(deflated(text), { isCompressed: true, ...options });
  }

  /** Waits until the stream matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stream);
      if (match !== null) return match;
      if (this.client.isClosed) throw new Error(`closed after ${JSON.stringify(this.stream)}, which has no ${pattern}`);
      await this.change();
    }
  }

  async untilFrame(opcode: number): Promise<ReadFrame> {
    for (;;) {
      const frame = this.frames.find((one) => one.opcode === opcode);
      if (frame !== undefined) return frame;
      if (this.client.isClosed) throw new Error(`closed before a frame ${opcode}`);
      await this.change();
    }
  }

  /** What the close frame says, once the connection is closed. */
  async untilClosed(): Promise<{ code: number; text: string } | null> {
    await this.client.untilClosed();
    return this.goodbye;
  }

  /** Logs in, and waits until everything is answered. */
  async connect(options: object = {}, commands = ''): Promise<this> {
    this.send(`CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...options })}\r\n${commands}PING\r\n`);
    await this.until(/PONG\r\n/);
    return this;
  }

  close(): void {
    this.client.socket.destroy();
  }

  private change(): Promise<void> {
    const { socket } = this.client;
    return new Promise((resolve) => {
      const go = (): void => {
        socket.off('data', go).off('close', go);
        resolve();
      };
      socket.on('data', go).on('close', go);
    });
  }
}

export function deflated(text: string | Uint8Array): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL.length);
}

export function inflated(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}
