/**
 * The official client over a connection within this process.
 *
 * `@nats-io/nats-core` lets its user supply the WebSocket that `wsconnect` talks through. That is the one public way
 * to give a single connection a wire of its own: its transport factory serves the whole process. So this is a
 * WebSocket as far as that client looks at it, with the broker at its other end and no frames in between.
 */
import type { Receiver, Transport } from '../../kernel/ports/transport.ts';

/** Options for `wsconnect` of `@nats-io/nats-core`; spread them to add others: `{...server.inProcess(), user: 'ann'}`. */
export interface InProcessOptions {
  /** A name for the logs; nothing is looked up. */
  servers: string;
  /** A broker of this process does not come back, so its clients close when it does. */
  reconnect: false;
  /** There is only one way to this broker. */
  ignoreClusterUpdates: true;
  /** The socket has no type, for what the client calls a WebSocket depends on which library your compiler knows. */
  wsFactory: () => Promise<{ socket: never; encrypted: boolean }>;
}

const SERVER_NAME = 'ws://in-process';

export function inProcessOptions(connect: () => Transport): InProcessOptions {
  return {
    servers: SERVER_NAME,
    reconnect: false,
    ignoreClusterUpdates: true,
    wsFactory: async () => ({ socket: openSocket(connect) as never, encrypted: false }),
  };
}

/** The client waits for ever when its factory throws, and takes it well when the socket fails. */
function openSocket(connect: () => Transport): object {
  try {
    return new MemorySocket(connect());
  } catch (error) {
    return failedSocket((error as Error).message);
  }
}

function failedSocket(message: string): object {
  const socket = {
    bufferedAmount: 0,
    onerror: null as ((event: { message: string }) => void) | null,
    send() {},
    close() {},
  };
  setImmediate(() => socket.onerror?.({ message }));
  return socket;
}

interface CloseNotice {
  wasClean: boolean;
  code: number;
  reason: string;
}

const NORMAL_CLOSURE = 1000;
const ABNORMAL_CLOSURE = 1006;

/** What `wsconnect` uses of a WebSocket. */
class MemorySocket implements Receiver {
  binaryType = 'arraybuffer';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((notice: CloseNotice) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  readonly #transport: Transport;
  /** What cannot be written before the broker has read more. */
  #waiting: Uint8Array[] = [];
  #isBusy = false;
  #isClosing = false;
  #isGreeted = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.start(this);
  }

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, piece) => sum + piece.length, 0);
  }

  send(bytes: ArrayBuffer): void {
    if (this.#isClosing) return;
    const piece = Buffer.from(bytes);
    if (this.#isBusy) this.#waiting.push(piece);
    else this.#isBusy = !this.#transport.write(piece);
  }

  close(): void {
    this.#isClosing = true;
    if (this.#waiting.length === 0) this.#transport.end();
  }

  onRead(): void {}

  onBytes(bytes: Uint8Array): void {
    this.#isGreeted = true;
    // They are lent; the client keeps what it gets.
    this.onmessage?.({ data: new Uint8Array(bytes).buffer });
  }

  onWritten(): void {
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#isBusy = pieces.length > 0 && !this.#transport.writeAll(pieces);
    if (this.#isClosing && !this.#isBusy) this.#transport.end();
  }

  onClosed(error: Error | null): void {
    this.#isClosing = true;
    this.#waiting = [];
    const reason = error?.message ?? '';
    // Until it was greeted the client does not notice a mere close.
    if (!this.#isGreeted) this.onerror?.({ message: reason || 'the broker takes no clients' });
    else if (error === null) this.onclose?.({ wasClean: true, code: NORMAL_CLOSURE, reason });
    else this.onclose?.({ wasClean: false, code: ABNORMAL_CLOSURE, reason });
  }
}
