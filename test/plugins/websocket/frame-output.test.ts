/** What is written and what leaves, while the wire is busy, compression takes its time, and pings come in between. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Deflate, DeflateDone } from '../../../plugins/websocket/deflate.ts';
import { FrameOutput, FrameScratch, type FrameStyle } from '../../../plugins/websocket/frame-output.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { type ReadFrame, readServerFrames } from '../../protocols/websocket/client-frames.ts';
import { deflated, inflated } from './raw-websocket.ts';

/** Compresses when told. */
class SlowDeflate implements Deflate {
  #waiting: (() => void) | null = null;

  compress(message: Uint8Array, done: DeflateDone): void {
    assert.is(this.#waiting, null);
    this.#waiting = () => done(null, deflated(message));
  }

  finish(): void {
    const run = this.#waiting;
    this.#waiting = null;
    run?.();
  }

  inflate(): void {}
  close(): void {}
}

class Bench {
  readonly wire = new TestWire();
  readonly deflate: SlowDeflate | null;
  readonly output: FrameOutput;
  readonly expected: Buffer[] = [];
  isBusy = false;
  isFinished = false;
  lastPing = '';

  constructor(style: FrameStyle, compresses: boolean) {
    this.deflate = compresses ? new SlowDeflate() : null;
    const parts = { style, scratch: new FrameScratch(), deflate: this.deflate, isBusy: false };
    this.output = new FrameOutput(this.wire, parts, {
      written: () => {
        assert.ok(this.isBusy, 'told of a write that was not owed');
        this.isBusy = false;
      },
      finished: () => {
        this.isFinished = true;
      },
    });
    this.wire.start({ onRead() {}, onBytes() {}, onClosed() {}, onWritten: () => this.output.onWritten() });
  }

  write(pieces: Buffer[]): void {
    if (this.isBusy) return;
    this.expected.push(...pieces);
    const isTaken = pieces.length === 1 ? this.output.write(pieces[0]!) : this.output.writeAll(pieces);
    this.isBusy = !isTaken;
  }

  ping(text: string): void {
    this.lastPing = text;
    this.output.pong(Buffer.from(text));
  }

  settle(): void {
    this.wire.isStuck = false;
    for (let round = 0; round < 10; round++) {
      this.wire.drain();
      this.deflate?.finish();
    }
    assert.not.ok(this.isBusy, 'never told of a write');
  }

  get frames(): ReadFrame[] {
    const bytes = Buffer.concat(this.wire.received);
    const { frames, used } = readServerFrames(bytes);
    assert.is(used, bytes.length);
    return frames;
  }
}

function payloadOf(frames: readonly ReadFrame[]): Buffer {
  const pieces: Buffer[] = [];
  let message: ReadFrame[] = [];
  for (const frame of frames.filter(({ opcode }) => opcode < 8)) {
    message.push(frame);
    if (!frame.isFinal) continue;
    const whole = Buffer.concat(message.map(({ payload }) => payload));
    pieces.push(message[0]!.isCompressed ? inflated(whole) : whole);
    message = [];
  }
  return Buffer.concat(pieces);
}

const STYLES: [style: FrameStyle, compresses: boolean][] = [
  [{ frameMax: 0, compressedFrameMax: 0, nextKey: null }, false],
  [{ frameMax: 4096, compressedFrameMax: 4096, nextKey: null }, false],
  [{ frameMax: 0, compressedFrameMax: 0, nextKey: null }, true],
  [{ frameMax: 4096, compressedFrameMax: 100, nextKey: null }, true],
  [{ frameMax: 4096, compressedFrameMax: 0, nextKey: null }, true],
];

test('whatever happens when, everything leaves once and in order, and the last frame last', () => {
  const seed = chosenSeed();
  const random = new Seeded(seed);
  for (let round = 0; round < 500; round++) {
    const [style, compresses] = random.pick(STYLES);
    const bench = new Bench(style, compresses);
    const size = (): number => random.below(random.pick([40, 300, 20_000, 70_000]));
    for (let step = 0; step < 30; step++) {
      const chance = random.below(6);
      if (chance < 2) bench.write(random.many(3, () => Buffer.alloc(1 + size(), random.below(256))));
      else if (chance === 2) bench.wire.isStuck = random.once(2);
      else if (chance === 3) bench.wire.drain();
      else if (chance === 4) bench.deflate?.finish();
      else bench.ping(String(step));
    }
    bench.settle();
    assert.not.ok(bench.isFinished);
    bench.output.end(Buffer.of(0x03, 0xe8));
    bench.output.write(Buffer.from('too late'));
    const { frames } = bench;
    const where = `GNATLET_SEED=${seed}, round ${round}`;
    assert.ok(payloadOf(frames).equals(Buffer.concat(bench.expected)), where);
    assert.is(frames.at(-1)!.opcode, 8, where);
    assert.ok(bench.wire.isEnded && bench.isFinished, where);
    if (bench.lastPing === '') continue;
    const pongs = frames.filter(({ opcode }) => opcode === 10);
    assert.is(pongs.at(-1)!.payload.toString(), bench.lastPing, where);
  }
});

test('what was written before the end leaves before it, though the wire is busy', () => {
  for (const [style, compresses] of STYLES) {
    const bench = new Bench(style, compresses);
    bench.wire.isStuck = true;
    bench.output.pong(Buffer.from('p'));
    bench.write([Buffer.alloc(100, 0x61)]);
    bench.output.end(Buffer.alloc(0));
    assert.not.ok(bench.isFinished);
    bench.settle();
    assert.ok(bench.isFinished);
    assert.equal(
      bench.frames.map(({ opcode }) => opcode),
      [10, 2, 8],
    );
    assert.ok(bench.wire.isEnded);
  }
});

test('a frame up to 16 KiB leaves in one piece with its header, a larger one beside it', () => {
  const bench = new Bench({ frameMax: 0, compressedFrameMax: 0, nextKey: null }, false);
  bench.write([Buffer.alloc(16 * 1024)]);
  assert.is(bench.wire.received.length, 1);
  bench.write([Buffer.alloc(16 * 1024 + 1)]);
  assert.is(bench.wire.received.length, 3);
});

test.run();
