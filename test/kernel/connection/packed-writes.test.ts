/** Memory that packed bytes are sent from: used again, and never while anything lies in it that is still to be sent. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WrappedTransport } from '../../../kernel/connection/stream-codec.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { LineCodec } from '../../../protocols/s2/line-codec.ts';
import { decodeStream } from '../../../protocols/s2/stream.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';

const PIECE_BYTES = 20_000;

/** Takes what it is given at once, or keeps it, as sockets do that lag. */
class Wire {
  lags = false;
  unsentBytes = 0;
  readonly taken: Uint8Array[] = [];
  readonly copies: Buffer[] = [];

  write(bytes: Uint8Array): boolean {
    this.taken.push(bytes);
    this.copies.push(Buffer.from(bytes));
    if (this.lags) this.unsentBytes += bytes.length;
    return !this.lags;
  }

  /** All that is left as it was given. */
  get isUntouched(): boolean {
    return this.taken.every((bytes, at) => this.copies[at]!.equals(bytes));
  }

  get memory(): ArrayBufferLike {
    return this.taken.at(-1)!.buffer;
  }
}

function line(): { wire: Wire; packed: WrappedTransport } {
  const wire = new Wire();
  const packed = new WrappedTransport(wire as unknown as Transport, new LineCodec('uncompressed'), () => {});
  return { wire, packed };
}

test('what is on its way is not written over, and its memory serves again when it is sent', () => {
  const [one, other] = [line(), line()];
  one.wire.lags = true;
  one.packed.writeAll([Buffer.alloc(PIECE_BYTES, 1), Buffer.alloc(PIECE_BYTES, 2)]);
  const { memory } = one.wire;
  // It was told that a write is over, but not this one.
  one.packed.written();
  other.packed.write(Buffer.alloc(PIECE_BYTES, 3));
  assert.ok(one.wire.isUntouched);
  assert.is.not(other.wire.memory, memory);
  one.wire.unsentBytes = 0;
  one.packed.written();
  other.packed.write(Buffer.alloc(PIECE_BYTES, 4));
  assert.is(other.wire.memory, memory);
});

test('pieces of any size come out as they went in', () => {
  const seeded = new Seeded(chosenSeed());
  const { wire, packed } = line();
  const sent: Buffer[] = [];
  for (let round = 0; round < 50; round++) {
    const count = 1 + seeded.below(5);
    const pieces = Array.from({ length: count }, () => Buffer.alloc(1 + seeded.below(100_000), seeded.below(256)));
    packed.writeAll(pieces);
    sent.push(...pieces);
  }
  const decoded = decodeStream(Buffer.concat(wire.copies), { outputBytesMax: 1 << 28 });
  assert.ok(decoded.equals(Buffer.concat(sent)), `seed ${seeded.seed}`);
});

test.run();
