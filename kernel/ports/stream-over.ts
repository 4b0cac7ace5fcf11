import { Duplex } from 'node:stream';
import type { Transport } from './transport.ts';

/**
 * A transport as a Node stream, for code that wants one: a TLS engine, or a NATS client in this process. The
 * transport must read into memory of its own.
 */
export function streamOver(transport: Transport & { endWriting(): void }): Duplex {
  let afterWrite: ((error?: Error | null) => void) | null = null;

  const send = (isTaken: boolean, done: (error?: Error | null) => void) => {
    if (isTaken) done();
    else afterWrite = done;
  };
  const settleWrite = (error: Error | null) => {
    const done = afterWrite;
    afterWrite = null;
    done?.(error);
  };
  const receive = (bytes: Uint8Array) => {
    // The transport takes its bytes back after this call, and whoever reads the stream may read later.
    if (!stream.push(Buffer.from(bytes))) transport.pause();
  };
  const receiver = {
    onRead: () => {},
    onBytes: receive,
    onWritten: () => settleWrite(null),
    onClosed: (error: Error | null) => {
      settleWrite(error);
      if (error !== null) stream.destroy(error);
      else endStream(stream);
    },
  };
  const stream = new Duplex({
    read: () => transport.resume(),
    write: (chunk: Uint8Array, _encoding, done) => send(transport.write(chunk), done),
    writev: (chunks, done) => send(transport.writeAll(chunks.map(({ chunk }) => chunk as Uint8Array)), done),
    final(done) {
      // Half a goodbye: the answers are still read.
      transport.endWriting();
      done();
    },
    destroy(error, done) {
      transport.destroy();
      done(error);
    },
  });
  transport.pause();
  transport.start(receiver);
  return stream;
}

/** The other side is gone for good, so there is nobody to write to either. */
function endStream(stream: Duplex): void {
  stream.push(null);
  stream.end();
}
