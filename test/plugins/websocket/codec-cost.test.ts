/** Why frames are read by a codec of our own: the same frames through the receiver of the package `ws`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FrameMemory } from '../../../protocols/websocket/frame-memory.ts';
import { FrameReader } from '../../../protocols/websocket/frame-reader.ts';
import { clientFrame } from '../../protocols/websocket/client-frames.ts';
import { USUAL } from '../../protocols/websocket/reading.ts';

interface PackageReceiver {
  on(event: 'message', listener: (message: Buffer) => void): void;
  write(bytes: Buffer): void;
}

// @ts-expect-error: the package brings no types.
const { Receiver } = (await import('ws')) as { Receiver: new (options: object) => PackageReceiver };

const READ_BYTES = 131_072;
const ROUNDS = 60;

function framesOf(payloadBytes: number): { bytes: Buffer; count: number } {
  const frame = clientFrame(Buffer.alloc(payloadBytes, 0x61));
  const count = Math.floor(READ_BYTES / frame.length);
  return { bytes: Buffer.concat(Array<Buffer>(count).fill(frame)), count };
}

/** The best of many rounds, in nanoseconds: what it costs when nobody disturbs. */
function bestOf(prepare: () => Buffer, read: (bytes: Buffer) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = prepare();
    const begun = process.hrtime.bigint();
    read(bytes);
    best = Math.min(best, Number(process.hrtime.bigint() - begun));
  }
  return best;
}

function costs(payloadBytes: number): { own: number; packaged: number } {
  const { bytes, count } = framesOf(payloadBytes);
  const memory = new FrameMemory(Buffer.alloc(READ_BYTES));
  const reader = new FrameReader(USUAL);
  const fill = (): Buffer => {
    memory.bytes.set(bytes);
    return bytes;
  };
  const own = bestOf(fill, () => {
    reader.read(memory, 0, bytes.length, 0);
    assert.is(reader.filled, count * payloadBytes);
  });
  let received = 0;
  const receiver = new Receiver({ isServer: true, skipUTF8Validation: true, binaryType: 'nodebuffer' });
  receiver.on('message', (message) => {
    received += message.length;
  });
  // It unmasks in place as well, and keeps what it was given.
  const packaged = bestOf(
    () => Buffer.from(bytes),
    (copy) => receiver.write(copy),
  );
  assert.ok(received > 0);
  return { own: own / count, packaged: packaged / count };
}

test('reading frames costs a fraction of what the receiver of ws takes, small or large', () => {
  for (const payloadBytes of [16, 100, 1000, 16_000]) {
    const { own, packaged } = costs(payloadBytes);
    assert.ok(own * 2 < packaged, `${payloadBytes} bytes: ${own.toFixed()} ns a frame, and ${packaged.toFixed()} ns`);
  }
});

test.run();
