/**
 * A port of its own for scrapers: one path, GET and HEAD, one request a connection.
 *
 * Node's HTTP server parses and frames; it never listens itself, and watches no clock then. The limits on slow scrapers are
 * kept here.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, EndpointText, Log, Timer } from '../../kernel/plugin-api.ts';

export const REQUEST_MS = 5000;
export const ANSWER_MS = 60_000;
export const SCRAPERS_MAX = 32;
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 100;
/** Answers up to here are sent whole, with their length. */
const WHOLE_LENGTH_MAX = 64 * 1024;
const PLAIN = 'text/plain; charset=utf-8';

export interface PortParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly path: () => string;
  answer(accept: string): Promise<EndpointText>;
  turnedAway(): void;
}

export class MetricsPort {
  private readonly parts: PortParts;
  /** Each with what will cut it off. */
  private readonly scrapers = new Map<Duplex, Timer>();
  private server: Server | null = null;

  constructor(parts: PortParts) {
    this.parts = parts;
  }

  /** Loads the HTTP code: a broker without the port never does. */
  async open(): Promise<void> {
    const { createServer } = await import('node:http');
    const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, keepAlive: false });
    server.maxHeadersCount = HEADERS_MAX;
    server.on('request', (request, response) => void this.serve(request, response));
    server.on('clientError', (_error, stream: Duplex) => refuse(stream));
    this.server = server;
  }

  /** Serves whoever is at the other end of the stream. */
  visit(stream: Duplex): void {
    stream.on('error', () => stream.destroy());
    if (this.server === null || this.scrapers.size >= SCRAPERS_MAX) {
      if (this.server !== null) this.parts.turnedAway();
      stream.destroy();
      return;
    }
    this.allow(stream, REQUEST_MS);
    stream.once('close', () => this.forget(stream));
    this.server.emit('connection', stream);
    // It came without anybody having read from it.
    stream.resume();
  }

  close(): void {
    this.server = null;
    for (const stream of [...this.scrapers.keys()]) {
      this.forget(stream);
      stream.destroy();
    }
  }

  /** From now on it has so long. */
  private allow(stream: Duplex, milliseconds: number): void {
    this.scrapers.get(stream)?.cancel();
    this.scrapers.set(
      stream,
      this.parts.clock.after(milliseconds, () => stream.destroy()),
    );
  }

  private forget(stream: Duplex): void {
    this.scrapers.get(stream)?.cancel();
    this.scrapers.delete(stream);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.scrapers.has(request.socket)) return;
    this.allow(request.socket, ANSWER_MS);
    response.setHeader('Connection', 'close');
    request.resume();
    try {
      await this.reply(request, response);
    } catch (error) {
      this.parts.log.error(`${request.url}: ${String(error)}`);
      if (response.headersSent) request.socket.destroy();
      else end(response, 500, 'internal error\n');
    }
  }

  private async reply({ method, url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      end(response, 405, 'this port answers GET and HEAD\n');
    } else if (url.replace(/[?#].*$/s, '') !== this.parts.path()) {
      end(response, 404, `404 page not found, the figures are at ${this.parts.path()}\n`);
    } else {
      const { contentType, text } = await this.parts.answer(headers.accept ?? '');
      await send(response, contentType, text);
    }
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': PLAIN, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

function refuse(stream: Duplex): void {
  if (!stream.writable) stream.destroy();
  else stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

/** A long answer leaves as it is made, no faster than the other side takes it. */
async function send(response: ServerResponse, contentType: string, text: EndpointText['text']): Promise<void> {
  let waiting = '';
  response.setHeader('Content-Type', contentType);
  for await (const piece of typeof text === 'string' ? [text] : text) {
    if (response.destroyed) return;
    waiting += piece;
    if (waiting.length < WHOLE_LENGTH_MAX) continue;
    if (!response.write(waiting)) await drained(response);
    waiting = '';
  }
  if (!response.headersSent) response.setHeader('Content-Length', Buffer.byteLength(waiting));
  response.end(waiting);
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
