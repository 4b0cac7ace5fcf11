/** Reads the first line of a connection without taking it for good: what follows it may be a TLS handshake. */
import type { Transport } from '../../../kernel/plugin-api.ts';

const LINE_MAX = 65_536;
const LF = 10;

/** The line without its end; null when it did not come in time, or is too long. */
export async function firstLine(
  transport: Transport,
  clockMs: () => number,
  timeoutMs: number,
): Promise<string | null> {
  const deadline = clockMs() + timeoutMs;
  let seen = 0;
  while (seen < LINE_MAX) {
    const left = deadline - clockMs();
    if (left <= 0) return null;
    const bytes = await transport.peek(LINE_MAX, left, seen + 1);
    const end = bytes.indexOf(LF);
    if (end >= 0) {
      const line = Buffer.from(bytes.subarray(0, end)).toString('utf8').trim();
      transport.discard(end + 1);
      return line;
    }
    if (bytes.length <= seen) return null;
    seen = bytes.length;
  }
  return null;
}
