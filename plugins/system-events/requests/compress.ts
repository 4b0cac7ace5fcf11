/** Compresses answers for those who ask for it. What it takes is loaded with the first that does. */
import type { Clock } from '../../../kernel/plugin-api.ts';

export type Encoding = 'gzip' | 'snappy' | 'identity';

/** What Snappy takes in one turn, about a millisecond. */
const PIECE_BYTES = 262_144;

/** Which of what was asked for is answered with: `accepted` in lower case. */
export function encodingOf(accepted: string): Encoding {
  if (accepted.includes('snappy') || accepted.includes('s2')) return 'snappy';
  return accepted.includes('gzip') ? 'gzip' : 'identity';
}

export async function compress(text: string, encoding: Encoding, clock: Clock): Promise<Uint8Array> {
  if (encoding === 'gzip') return zip(text);
  const body = Buffer.from(text);
  return encoding === 'snappy' ? snappy(body, clock) : body;
}

/** Servers answer both wishes with a stream that readers of Snappy understand. */
async function snappy(body: Buffer, clock: Clock): Promise<Uint8Array> {
  const { StreamEncoder } = await import('../../../protocols/s2/stream-encoder.ts');
  const encoder = new StreamEncoder({ isSnappy: true });
  const pieces: Buffer[] = [];
  for (let from = 0; from < body.length; from += PIECE_BYTES) {
    if (from > 0) await new Promise<void>((resolve) => clock.soon(resolve));
    pieces.push(encoder.encode(body, from, Math.min(from + PIECE_BYTES, body.length)));
  }
  return Buffer.concat(pieces);
}

async function zip(text: string): Promise<Uint8Array> {
  const { gzip } = await import('node:zlib');
  return new Promise((resolve, reject) => {
    gzip(text, (error, zipped) => (error === null ? resolve(zipped) : reject(error)));
  });
}
