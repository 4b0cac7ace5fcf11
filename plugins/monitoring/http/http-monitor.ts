/**
 * HTTP over the transports of the network port.
 *
 * Node's HTTP server parses and frames; it never listens itself. Since it then watches no clock either, the limits on slow
 * clients are kept here: for sending a request, and for taking the answer.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Log, Timer } from '../../../kernel/plugin-api.ts';
import type { Reply, Router } from './router.ts';

const REQUEST_MS = 5000;
const IDLE_MS = 120_000;
const ANSWER_MS = 60_000;
const HEADER_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 100;
/** Answers up to here are sent whole, with their length. */
const WHOLE_LENGTH_MAX = 64 * 1024;
/** Requests of one visitor that wait for those before them. */
export const PIPELINED_MAX = 32;
/** Visitors who do not take a long answer as fast as it is made. What is left of it is kept for them. */
export const SLOW_READERS_MAX = 64;

const FULL = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

interface Visit {
  readonly stream: Duplex;
  timer: Timer;
  waiting: number;
  /** Requests whose answers are not all gone. */
  unanswered: number;
  /** Answers are made one after the other. */
  last: Promise<void>;
}

export interface HttpMonitorParts {
  readonly clock: Clock;
  readonly log: Log;
  /** A reload may change it. */
  connectionsMax(): number;
}

export class HttpMonitor {
  readonly #router: Router;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connectionsMax: () => number;
  /** Who was answered last, or has just come, is last. */
  readonly #visits = new Map<Duplex, Visit>();
  #server: Server | null = null;
  #slowReaders = 0;
  /** Visitors of whom there were too many. */
  turnedAway = 0;
  /**
   * Visitors who asked for more at once than is answered, who were too slow to ask or to take their answer, and who had
   * nothing under way when others needed their places.
   */
  cutOff = 0;

  constructor(router: Router, { clock, log, connectionsMax }: HttpMonitorParts) {
    this.#router = router;
    this.#connectionsMax = connectionsMax;
    this.#clock = clock;
    this.#log = log;
  }

  /** Loads the HTTP code: a broker without a monitor never does. */
  async open(): Promise<void> {
    const { createServer } = await import('node:http');
    const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: 0 });
    server.maxHeadersCount = HEADERS_MAX;
    server.on('request', (request, response) => this.#inTurn(request, response));
    server.on('clientError', (error: Error, stream: Duplex) => this.#refuse(error, stream));
    this.#server = server;
  }

  /** Serves whoever is at the other end of the stream. */
  visit(stream: Duplex): void {
    stream.on('error', () => stream.destroy());
    if (this.#server === null) {
      stream.destroy();
      return;
    }
    if (this.#visits.size >= this.#connectionsMax() && !this.#makeRoom()) {
      this.turnedAway++;
      stream.end(FULL, () => stream.destroy());
      return;
    }
    this.#visits.set(stream, {
      stream,
      timer: this.#clock.after(REQUEST_MS, () => this.#cut(stream)),
      waiting: 0,
      unanswered: 0,
      last: Promise.resolve(),
    });
    stream.once('close', () => this.#forget(stream));
    this.#server.emit('connection', stream);
    // It came without anybody having read from it.
    stream.resume();
  }

  close(): void {
    this.#server = null;
    for (const { stream, timer } of [...this.#visits.values()]) {
      timer.cancel();
      stream.destroy();
    }
  }

  /** Those who hold places and ask for nothing do not keep out who does, a probe for one. */
  #makeRoom(): boolean {
    for (const { stream, unanswered } of this.#visits.values()) {
      if (unanswered > 0) continue;
      this.#forget(stream);
      this.#cut(stream);
      return true;
    }
    return false;
  }

  /** A visitor may ask again before there is an answer. */
  #inTurn(request: IncomingMessage, response: ServerResponse): void {
    const visit = this.#visits.get(request.socket as Duplex);
    if (visit === undefined) return;
    if (visit.waiting >= PIPELINED_MAX) {
      this.#cut(visit.stream);
      return;
    }
    visit.waiting++;
    visit.unanswered++;
    response.once('close', () => this.#answered(visit));
    visit.last = visit.last.then(async () => {
      if (!visit.stream.destroyed) await this.#serve(request, response);
      visit.waiting--;
    });
  }

  #answered(visit: Visit): void {
    visit.unanswered--;
    if (this.#visits.delete(visit.stream)) this.#visits.set(visit.stream, visit);
  }

  #cut(stream: Duplex): void {
    this.cutOff++;
    stream.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stream = request.socket as Duplex;
    this.#allow(stream, ANSWER_MS, () => this.#cut(stream));
    response.once('finish', () => this.#allow(stream, IDLE_MS, () => stream.destroy()));
    // A body means nothing to any endpoint.
    request.resume();
    try {
      await this.#send(response, await this.#router.reply(request.url ?? '', request.headers.accept));
    } catch (error) {
      this.#log.error(`${request.url}: ${String(error)}`);
      if (response.headersSent) stream.destroy();
      else response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end('internal error\n');
    }
  }

  /** A long answer leaves as it is made, no faster than the other side takes it. */
  async #send(response: ServerResponse, { status, headers, body }: Reply): Promise<void> {
    let text = typeof body === 'string' ? body : '';
    if (typeof body !== 'string') {
      for await (const piece of body) {
        text += piece;
        if (text.length < WHOLE_LENGTH_MAX) continue;
        if (!response.headersSent) response.writeHead(status, headers);
        if (!response.write(text) && !(await this.#drained(response))) return;
        text = '';
      }
    }
    if (!response.headersSent) response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  }

  /** False when there is nobody any more to write to. */
  async #drained(response: ServerResponse): Promise<boolean> {
    if (this.#slowReaders >= SLOW_READERS_MAX) {
      this.#cut(response.socket as Duplex);
      return false;
    }
    this.#slowReaders++;
    await drained(response);
    this.#slowReaders--;
    return !response.destroyed;
  }

  #refuse(error: Error, stream: Duplex): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET' || !stream.writable) {
      stream.destroy();
      return;
    }
    this.#log.error(`bad request: ${error.message}`);
    const status = code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #allow(stream: Duplex, milliseconds: number, end: () => void): void {
    const visit = this.#visits.get(stream);
    if (visit === undefined || this.#server === null) return;
    visit.timer.cancel();
    visit.timer = this.#clock.after(milliseconds, end);
  }

  #forget(stream: Duplex): void {
    this.#visits.get(stream)?.timer.cancel();
    this.#visits.delete(stream);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    if (response.destroyed) resolve();
    else response.on('drain', go).on('close', go);
  });
}
