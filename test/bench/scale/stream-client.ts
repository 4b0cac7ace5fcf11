/** A client of streams that costs little itself: it counts what it gets, and looks only at what it has to answer. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address } from './many-links.ts';

const HELLO =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1,"lang":"bench"}\r\n';
/** What the subjects begin with where answers come in; everything else is counted. */
const ANSWERS = '_r';
let opened = 0;
const PATIENCE_MS = 20_000;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const UPPER_M = 77;
const UPPER_H = 72;
const UPPER_P = 80;
const UPPER_I = 73;
const UNDERSCORE = 95;
const LOWER_R = 114;

export class StreamClient {
  /** Messages of streams that came. */
  messages = 0;
  /** Is shown the control line of each message that is counted. */
  onMessage: ((line: Buffer) => void) | null = null;
  private onRequest: ((reply: string) => void) | null = null;
  /** After each read. */
  onRead: (() => void) | null = null;
  private readonly socket: Socket;
  private readonly inbox = `${ANSWERS}.${process.pid}.${++opened}`;
  private rest: Buffer = Buffer.alloc(0);
  private readonly answers: ((answer: string) => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.take(bytes));
  }

  static async open({ host, port }: Address): Promise<StreamClient> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    const client = new StreamClient(socket);
    client.write(`${HELLO}SUB ${client.inbox} r\r\n`);
    return client;
  }

  write(bytes: string | Buffer): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  /** One after the other; the answer's payload. */
  request(subject: string, body = ''): Promise<string> {
    const answer = new Promise<string>((resolve) => this.answers.push(resolve));
    this.write(`PUB ${subject} ${this.inbox} ${body.length}\r\n${body}\r\n`);
    return answer;
  }

  /** The same with a field in its header. */
  requestWith(field: string, subject: string, body: string): Promise<string> {
    const answer = new Promise<string>((resolve) => this.answers.push(resolve));
    const header = `NATS/1.0\r\n${field}\r\n\r\n`;
    const sizes = `${header.length} ${header.length + body.length}`;
    this.write(`HPUB ${subject} ${this.inbox} ${sizes}\r\n${header}${body}\r\n`);
    return answer;
  }

  /** Throws where it is refused. */
  async api(endpoint: string, request: object | string = ''): Promise<string> {
    const answer = await this.request(
      `$JS.API.${endpoint}`,
      typeof request === 'string' ? request : JSON.stringify(request),
    );
    if (answer.includes('"error":{')) throw new Error(answer.slice(0, 300));
    return answer;
  }

  /** Answers what is asked on a subject with nothing. */
  answerRequests(subject: string): void {
    this.write(`SUB ${subject} q\r\n`);
    this.onRequest = (reply) => this.write(`PUB ${reply} 0\r\n\r\n`);
  }

  /** Rejects where nothing comes for long. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    let patience: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => reject(new Error(`nothing came for ${PATIENCE_MS} ms, after ${this.messages} messages`));
        patience = setTimeout(giveUp, PATIENCE_MS);
        this.onRead = () => {
          if (isDone()) resolve();
          else patience?.refresh();
        };
      });
    } finally {
      clearTimeout(patience);
      this.onRead = null;
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(read: Buffer): void {
    const bytes = this.rest.length === 0 ? read : Buffer.concat([this.rest, read]);
    let at = 0;
    for (let next = this.takeOne(bytes, at); next > at; next = this.takeOne(bytes, at)) at = next;
    this.rest = bytes.subarray(at);
    this.onRead?.();
  }

  /** Answers where the next begins; where it stood while this one is not whole. */
  private takeOne(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return at;
    const isPlain = bytes[at] === UPPER_M;
    const isMessage = isPlain || (bytes[at] === UPPER_H && bytes[at + 1] === UPPER_M);
    if (!isMessage) {
      if (bytes[at] === UPPER_P && bytes[at + 1] === UPPER_I) this.write('PONG\r\n');
      return end + 1;
    }
    let size = 0;
    let from = end - 2;
    for (let unit = 1; bytes[from] !== SPACE; from--, unit *= 10) size += (bytes[from]! - ZERO) * unit;
    const next = end + 1 + size + 2;
    if (next > bytes.length) return at;
    this.taken(bytes, at, end, size, isPlain);
    return next;
  }

  private taken(bytes: Buffer, at: number, end: number, size: number, isPlain: boolean): void {
    const from = at + (isPlain ? 4 : 5);
    if (bytes[from] === UNDERSCORE && bytes[from + 1] === LOWER_R) {
      this.answers.shift()?.(bytes.toString('utf8', end + 1, end + 1 + size));
      return;
    }
    // What comes from a stream says where it is acknowledged; the rest are statuses.
    const place = bytes.indexOf('$JS.ACK', from, 'latin1');
    if (place < 0 || place > end) {
      if (isPlain && this.onRequest !== null) this.onRequest(bytes.toString('latin1', from, end).split(' ')[2]!);
      return;
    }
    this.messages++;
    this.onMessage?.(bytes.subarray(at, end));
  }
}
