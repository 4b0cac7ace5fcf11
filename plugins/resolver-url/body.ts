import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** As much as a token can be. */
const BODY_BYTES_MAX = 1_048_576;

export async function readBody(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) {
      response.destroy();
      throw new Error(`the answer has more than ${BODY_BYTES_MAX} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
