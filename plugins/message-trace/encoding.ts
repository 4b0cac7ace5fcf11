/** Compresses reports for those who ask for it. */
import { gzip, gzipSync } from 'node:zlib';
import type { Clock } from '../../kernel/plugin-api.ts';
import { StreamEncoder } from '../../protocols/s2/stream-encoder.ts';

/** What a report is published as. */
export interface Encoded {
  readonly header: Buffer;
  readonly body: Buffer;
}

/** From this size on gzip is left to another thread. */
const ASIDE_FROM = 16_384;
/** What Snappy takes in one turn, about a millisecond. */
const SNAPPY_PIECE_BYTES = 262_144;

/** `asked` is the value of Accept-Encoding. `done` is called at once unless the report is large. */
export function encode(body: Buffer, asked: string, clock: Clock, done: (encoded: Encoded) => void): void {
  if (/snappy|s2/i.test(asked)) encodeSnappy(body, clock, done);
  else if (!/gzip/i.test(asked)) done({ header: contentEncoding('identity'), body });
  else if (body.length < ASIDE_FROM) done({ header: contentEncoding('gzip'), body: gzipSync(body) });
  else {
    gzip(body, (error, compressed) => {
      if (error === null) done({ header: contentEncoding('gzip'), body: compressed });
      else done({ header: contentEncoding('identity'), body });
    });
  }
}

/** Servers answer both wishes with a stream that readers of Snappy understand. */
function encodeSnappy(body: Buffer, clock: Clock, done: (encoded: Encoded) => void): void {
  const encoder = new StreamEncoder({ isSnappy: true });
  const pieces: Buffer[] = [];
  const next = (from: number): void => {
    const end = Math.min(from + SNAPPY_PIECE_BYTES, body.length);
    pieces.push(encoder.encode(body, from, end));
    if (end < body.length) clock.soon(() => next(end));
    else done({ header: contentEncoding('snappy'), body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) });
  };
  next(0);
}

function contentEncoding(name: string): Buffer {
  return Buffer.from(`NATS/1.0\r\nContent-Encoding: ${name}\r\n\r\n`);
}
