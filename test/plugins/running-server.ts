/** A broker with plugins, started from a configuration text as a user would write it, on real ports of this machine. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { composeServer } from '../../bin/compose.ts';
import type { PluginDefinition } from '../../kernel/host/plugin-definition.ts';
import type { Server } from '../../kernel/server.ts';
import { TLS_FIXTURES } from '../fixtures/tls/certificates.ts';
import { listLog } from '../kits/plugin-kit.ts';

export interface RunningServer {
  readonly server: Server;
  readonly port: number;
  /** Log lines, each with its level in front. */
  readonly log: string[];
}

/** Starts, lets `use` have it, and closes. `@tls` in the text is the folder of the test certificates. */
export async function withServer(
  text: string,
  plugins: readonly PluginDefinition[],
  use: (running: RunningServer) => Promise<void>,
): Promise<void> {
  const log: string[] = [];
  const server = await compose(text, plugins, log);
  try {
    await server.start();
    await use({ server, port: server.address!.port, log });
  } finally {
    await server.close();
  }
}

/** Not started yet; throws what is wrong with the configuration. */
export function compose(text: string, plugins: readonly PluginDefinition[], log: string[] = []): Promise<Server> {
  const full = `host: 127.0.0.1\nport: -1\n${text.replaceAll('@tls', TLS_FIXTURES)}\n`;
  return composeServer({ text: full, path: 'test.conf', plugins: [...plugins], log: listLog(log) });
}

/** A client that speaks bytes. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  isClosed = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Waits until what came matches, and answers the match. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      if (this.isClosed) throw new Error(`closed after ${JSON.stringify(this.text)}, which has no ${pattern}`);
      await this.#change();
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** The first INFO line that `text` holds after `from`. */
export function infoIn(text: string, from = 0): Record<string, unknown> {
  const match = /INFO (\{.*?\}) ?\r\n/.exec(text.slice(from));
  if (match === null) throw new Error(`no INFO in ${JSON.stringify(text)}`);
  return JSON.parse(match[1]!) as Record<string, unknown>;
}
