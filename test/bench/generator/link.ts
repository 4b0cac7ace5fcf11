import { connect, type Socket } from 'node:net';
import type { Intake, OnLine } from './intake.ts';
import { UPGRADE, WebFraming } from './web-framing.ts';

/** All links of a process read into this memory: a read allocates nothing, and is handled before the next one. */
const READ_BUFFER = Buffer.alloc(1 << 20);

const HELLO =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"bench","version":"1",' +
  '"protocol":1,"echo":true}\r\nPING\r\n';

export interface LinkOptions {
  host: string;
  port: number;
  isWebSocket?: boolean;
  onFailure(error: Error): void;
  intake(onLine: OnLine): Intake;
}

/** A client connection, ready to use: greeted, introduced, and its first PING answered. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const link = new Link(options);
  await link.greeted;
  await link.sendAndAwaitPong(HELLO);
  return link;
}

export class Link {
  /** Called after each read was counted. */
  afterRead: (() => void) | null = null;
  readonly greeted: Promise<void>;
  readonly #socket: Socket;
  readonly #intake: Intake;
  readonly #framing: WebFraming | null;
  readonly #onFailure: (error: Error) => void;
  readonly #waiting: { resolve(): void; reject(error: Error): void }[] = [];
  #isGreeted = false;
  #isClosing = false;
  #isPaused = false;

  constructor(options: LinkOptions) {
    this.#onFailure = options.onFailure;
    this.#intake = options.intake((line) => this.#handleLine(line));
    this.#framing = options.isWebSocket === true ? new WebFraming(this.#intake) : null;
    this.greeted = this.#nextAnswer();
    const callback = (length: number): boolean => this.#handleRead(length);
    const onread = { buffer: READ_BUFFER, callback };
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed a connection')));
    if (this.#framing !== null) this.#socket.write(UPGRADE, 'latin1');
  }

  write(bytes: Buffer | string, written?: () => void): void {
    if (this.#framing !== null) this.#socket.write(this.#framing.frame(bytes), written);
    else if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1', written);
    else this.#socket.write(bytes, written);
  }

  /** Resolves when the server has handled everything sent before. */
  sendAndAwaitPong(text: string): Promise<void> {
    const answered = this.#nextAnswer();
    this.write(text);
    return answered;
  }

  ping(): Promise<void> {
    return this.sendAndAwaitPong('PING\r\n');
  }

  /** Reads nothing more, so that the server's bytes pile up on its side. */
  stopReading(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #nextAnswer(): Promise<void> {
    if (this.#isClosing) return Promise.reject(new Error('the connection is closed'));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #resolveFirst(): void {
    this.#waiting.shift()?.resolve();
  }

  #handleRead(length: number): boolean {
    (this.#framing ?? this.#intake).accept(READ_BUFFER, length);
    this.afterRead?.();
    return !this.#isPaused;
  }

  #handleLine(line: string): void {
    if (line === 'PING') this.write('PONG\r\n');
    else if (line === 'PONG') this.#resolveFirst();
    else if (line.startsWith('INFO ')) this.#handleInfo();
    else if (line !== '+OK') this.#fail(new Error(`the server sent: ${JSON.stringify(line.slice(0, 200))}`));
  }

  /** The first one is the greeting; later ones are news that a load does not need. */
  #handleInfo(): void {
    if (!this.#isGreeted) this.#resolveFirst();
    this.#isGreeted = true;
  }

  #fail(error: Error): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#socket.destroy();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    this.#onFailure(error);
  }
}
