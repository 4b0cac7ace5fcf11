import type { Duplex } from 'node:stream';

const NOTHING = new Uint8Array(0);

/**
 * The first bytes a paused stream will hand out, left in place: at least `least` and at most `most` of them,
 * fewer when the time is up or the stream ends first.
 *
 * The stream's own buffer stays the only place unread bytes live in, so whoever takes the stream over misses none.
 */
export function peekStream(stream: Duplex, least: number, most: number, timeoutMs: number): Promise<Uint8Array> {
  const enough = Math.min(least, most);
  if (stream.readableLength >= enough || !stream.readable) return Promise.resolve(lookInto(stream, most));
  return new Promise((resolve) => {
    const look = () => {
      // An end makes the stream readable without making it longer.
      if (stream.readableLength >= enough || hasEnded(stream)) finish();
    };
    const finish = () => {
      clearTimeout(timer);
      stream.off('readable', look).off('end', finish).off('close', finish);
      resolve(lookInto(stream, most));
    };
    const timer = setTimeout(finish, timeoutMs);
    stream.on('readable', look).on('end', finish).on('close', finish);
  });
}

/** Drops the first `count` unread bytes. */
export function discardFromStream(stream: Duplex, count: number): void {
  if (count > stream.readableLength) throw new RangeError('only bytes that were peeked at can be discarded');
  if (count > 0) stream.read(count);
}

/** All unread bytes, which the stream then no longer has. */
export function takeUnread(stream: Duplex): Uint8Array | null {
  return stream.readableLength > 0 ? (stream.read() as Uint8Array | null) : null;
}

function lookInto(stream: Duplex, most: number): Uint8Array {
  const unread = takeUnread(stream);
  if (unread === null) return NOTHING;
  // Back within the same turn: an ended stream would otherwise announce its end for want of bytes.
  stream.unshift(unread);
  return unread.subarray(0, most);
}

/** Whether the other side has said its last word, even if some of it is still unread. */
function hasEnded(stream: Duplex): boolean {
  const state = (stream as Duplex & { _readableState?: { ended?: boolean } })._readableState;
  return stream.readableEnded || state?.ended === true;
}
