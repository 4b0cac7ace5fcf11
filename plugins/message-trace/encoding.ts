/** Compresses reports for those who ask for it. */
import { gzip, gzipSync } from 'node:zlib';

/** What a report is published as. */
export interface Encoded {
  /** Undefined: without a header. */
  readonly header?: Buffer;
  readonly body: Buffer;
}

/** From this size on compressing is left to another thread. */
const ASIDE_FROM = 16_384;

/** `asked` is the value of Accept-Encoding, empty when there is none. `done` is called at once unless the report is large. */
export function encode(body: Buffer, asked: string, done: (encoded: Encoded) => void): void {
  if (asked === '') done({ body });
  else if (!/gzip/i.test(asked)) done({ header: contentEncoding('identity'), body });
  else if (body.length < ASIDE_FROM) done({ header: contentEncoding('gzip'), body: gzipSync(body) });
  else {
    gzip(body, (error, compressed) => {
      if (error === null) done({ header: contentEncoding('gzip'), body: compressed });
      else done({ header: contentEncoding('identity'), body });
    });
  }
}

function contentEncoding(name: string): Buffer {
  return Buffer.from(`NATS/1.0\r\nContent-Encoding: ${name}\r\n\r\n`);
}
