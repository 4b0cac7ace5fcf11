/** Lines between servers that are packed from some moment on: order, limits, and what makes no sense. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HEADROOM, READ_SIZE } from '../../../kernel/connection/arena.ts';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { LinkConnection } from '../../../kernel/connection/link-connection.ts';
import { S2_LEVELS, type S2Level } from '../../../protocols/s2/levels.ts';
import { LineCodec } from '../../../protocols/s2/line-codec.ts';
import { S2Error } from '../../../protocols/s2/problem.ts';
import { decodeStream } from '../../../protocols/s2/stream.ts';
import { StreamEncoder } from '../../../protocols/s2/stream-encoder.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { BrokerBench, TestWire } from '../../kits/broker-bench.ts';

const COLON = 0x3a;
const MIB = 1 << 20;

/** Frames are `<length>:<text>`. `pack` begins to pack, `hold` holds the connection up. */
class TestLink extends LinkConnection {
  readonly kindName = 'test';
  protected readonly tag = 'tid';
  neededBytes = 0;
  readonly heard: string[] = [];
  level: S2Level = 'fast';
  failure: Error | null = null;
  packing: LineCodec | null = null;

  isPacking = false;

  pack(): void {
    this.packing = new LineCodec(this.level);
    this.startCodec(this.packing, () => {
      this.isPacking = true;
    });
  }

  say(text: string): void {
    this.send(frame(text));
  }

  protected parseFrames(bytes: Buffer, start: number, end: number): number {
    let at = start;
    this.neededBytes = 0;
    while (!this.isHalted) {
      const colon = bytes.indexOf(COLON, at);
      if (colon < 0 || colon >= end) return at;
      const stop = colon + 1 + Number(bytes.toString('latin1', at, colon));
      if (stop > end) {
        this.neededBytes = stop - at;
        return at;
      }
      const text = bytes.toString('latin1', colon + 1, stop);
      at = stop;
      this.heard.push(text);
      if (text === 'hold') this.hold();
      // What comes behind it in the same read is packed already.
      if (text === 'pack') {
        this.pack();
        return at;
      }
    }
    return at;
  }

  protected codecFailed(error: Error): void {
    this.failure = error;
    this.close(CloseReason.parseError);
  }
}

function frame(text: string): Buffer {
  return Buffer.from(`${text.length}:${text}`, 'latin1');
}

function scene(level: S2Level = 'fast') {
  const bench = new BrokerBench();
  const wire = new TestWire();
  const pings = { options: { pingIntervalMs: 120_000, pingMax: 2 } };
  const link = new TestLink({ broker: bench.broker, transport: wire, pings, originBit: 0 });
  link.level = level;
  link.begin(0);
  return { bench, broker: bench.broker, wire, link };
}

/** Bytes as a socket brings them: at the place that all reads share, where they do not stay. */
function read(link: TestLink, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += READ_SIZE) {
    const { readBuffer } = link.broker.arena;
    const piece = bytes.subarray(at, at + READ_SIZE);
    readBuffer.set(piece);
    link.onRead(piece.length);
    readBuffer.fill(0xee);
  }
}

const unpacked = (wire: TestWire): string =>
  decodeStream(Buffer.concat(wire.received), { outputBytesMax: 100 * MIB }).toString('latin1');

test('what is sent is clear until packing begins, and packed from then on', async () => {
  const { bench, wire, link } = scene();
  link.say('clear');
  read(link, frame('pack'));
  assert.is(wire.text, '5:clear');
  wire.clear();
  link.say('packed');
  await bench.turn();
  assert.is(wire.text.slice(0, 10), '\xff\x06\x00\x00S2sTwO');
  assert.is(unpacked(wire), '6:packed');
});

test('each turn is packed as one, and can be read at once', async () => {
  const { bench, wire, link } = scene();
  link.pack();
  for (let turn = 0; turn < 3; turn++) {
    for (let index = 0; index < 200; index++) link.say(`orders.${index % 7}.created`);
    await bench.turn();
    assert.is(wire.received.length, turn + 1);
    assert.is(unpacked(wire).length, (turn + 1) * 200 * 19);
  }
  assert.ok(Buffer.concat(wire.received).length < 1500);
});

test('packing what is sent waits until what was sent before is on its way', async () => {
  const { bench, wire, link } = scene();
  wire.isStuck = true;
  link.say('stuck');
  link.pack();
  assert.not(link.isPacking);
  wire.isStuck = false;
  wire.drain();
  await bench.turn();
  assert.ok(link.isPacking);
});

test('what comes behind the last clear frame in the same read is unpacked', () => {
  for (const feed of [read, (link: TestLink, bytes: Buffer) => link.onBytes(bytes)]) {
    const { link } = scene();
    const packed = new StreamEncoder().encode(Buffer.concat([frame('one'), frame('two')]));
    feed(link, Buffer.concat([frame('zero'), frame('pack'), packed]));
    assert.equal(link.heard, ['zero', 'pack', 'one', 'two']);
  }
});

test('frames arrive whole at every level, wherever chunks and reads are cut', async () => {
  const chance = new Seeded(chosenSeed());
  for (const level of S2_LEVELS) {
    for (const isShared of [true, false]) {
      const { bench, link } = scene();
      link.pack();
      const encoder = new StreamEncoder({ level, blockBytes: chance.pick([4096, 65_536, MIB]) });
      const sizes = Array.from({ length: 60 }, () => chance.below(chance.pick([10, 300, 5000, 3 * HEADROOM])));
      const texts = sizes.map((size, index) => `${index}-`.repeat(1 + (size >>> 2)));
      const clear = Buffer.concat(texts.map(frame));
      const chunks: Buffer[] = [];
      for (let at = 0; at < clear.length; ) {
        const next = Math.min(clear.length, at + 1 + chance.below(chance.pick([50, 4000, 200_000])));
        chunks.push(encoder.encode(clear, at, next));
        at = next;
      }
      const packed = Buffer.concat(chunks);
      for (let at = 0; at < packed.length; ) {
        const next = Math.min(packed.length, at + 1 + chance.below(chance.pick([20, 3000, READ_SIZE])));
        const piece = packed.subarray(at, next);
        if (isShared) read(link, piece);
        else link.onBytes(Buffer.from(piece));
        at = next;
      }
      const name = `seed ${chance.seed}, ${level}, ${isShared ? 'shared memory' : 'memory of its own'}`;
      assert.is(link.failure, null, name);
      // What is too much for one turn waits for the next.
      for (let turn = 0; turn < 20 && link.heard.length < texts.length; turn++) await bench.turn();
      assert.ok(link.heard.length === texts.length && link.heard.every((text, index) => text === texts[index]), name);
    }
  }
});

test('a held connection reads nothing more until it is released, and then all of it in order', async () => {
  for (const level of S2_LEVELS) {
    const { bench, wire, link } = scene();
    link.pack();
    const encoder = new StreamEncoder({ level });
    const packed = [['a', 'hold', 'b'], ['c'], ['d']].map((texts) => encoder.encode(Buffer.concat(texts.map(frame))));
    read(link, Buffer.concat(packed.slice(0, 2)));
    read(link, packed[2]!);
    assert.equal(link.heard, ['a', 'hold']);
    assert.ok(wire.isPaused);
    link.release();
    await bench.turn();
    assert.equal(link.heard, ['a', 'hold', 'b', 'c', 'd'], level);
    assert.not(wire.isPaused);
  }
});

test('few bytes that unpack to very many leave time to others', async () => {
  const { bench, wire, link } = scene();
  link.pack();
  const text = 'x'.repeat(MIB - 8);
  const encoder = new StreamEncoder({ blockBytes: MIB });
  const bomb = Buffer.concat(Array.from({ length: 20 }, () => encoder.encode(frame(text))));
  assert.ok(bomb.length < 2000);
  read(link, bomb);
  assert.ok(link.heard.length <= 2);
  assert.ok(wire.isPaused);
  const seen: number[] = [];
  for (let turn = 0; turn < 400 && link.heard.length < 20; turn++) {
    const before = link.heard.length;
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(link.heard.length - before);
  }
  assert.is(link.heard.length, 20);
  assert.ok(Math.max(...seen) <= 2, 'about a megabyte a turn');
  await bench.turn();
  assert.not(wire.isPaused);
});

test('what makes no sense ends the connection, with the reason, and nothing behind it is read', () => {
  const { wire, link } = scene();
  link.pack();
  const good = new StreamEncoder().encode(frame('good'));
  const bad = Buffer.from(good);
  bad[bad.length - 1]! ^= 1;
  read(link, Buffer.concat([good, bad, good]));
  assert.equal(link.heard, ['good']);
  assert.instance(link.failure, S2Error);
  assert.is((link.failure as S2Error).reason, 'checksum-mismatch');
  assert.ok(link.isClosed);
  read(link, good);
  assert.equal(link.heard, ['good']);
  assert.ok(wire.isDestroyed || wire.isEnded);
});

test('the level can change while the line is in use', async () => {
  const { bench, wire, link } = scene('uncompressed');
  link.pack();
  const sizes: number[] = [];
  for (const level of ['uncompressed', 'best', 'best', 'fast'] as const) {
    link.packing!.level = level;
    for (let index = 0; index < 50; index++) link.say(`orders.${index % 7}.created`);
    const before = Buffer.concat(wire.received).length;
    await bench.turn();
    sizes.push(Buffer.concat(wire.received).length - before);
  }
  assert.is(unpacked(wire).length, 4 * 50 * 19);
  assert.ok(sizes[0]! > 950 && sizes[1]! < 300);
  assert.is(sizes[1]! - sizes[2]!, 10, 'an identifier only where the level changes');
});

test('what waited for a slow line is packed a batch a turn', async () => {
  const { bench, wire, link } = scene();
  link.pack();
  wire.isStuck = true;
  link.say('first');
  await bench.turn();
  const text = 'y'.repeat(100_000);
  for (let index = 0; index < 40; index++) link.say(text);
  await bench.turn();
  wire.isStuck = false;
  wire.drain();
  const batches: number[] = [];
  for (let turn = 0; turn < 100 && link.outbound.pendingBytes > 0; turn++) {
    const before = unpacked(wire).length;
    await new Promise((resolve) => setImmediate(resolve));
    batches.push(unpacked(wire).length - before);
  }
  assert.is(unpacked(wire).length, 7 + 40 * 100_007);
  assert.ok(Math.max(...batches) < MIB, 'half a megabyte and a piece at a time');
  assert.ok(batches.length >= 4);
});

test('a quiet line keeps no memory for what it unpacked', async () => {
  const { bench, link } = scene();
  link.pack();
  read(link, new StreamEncoder({ blockBytes: MIB }).encode(frame('z'.repeat(MIB - 10))));
  assert.ok(link.packing!.output.length >= MIB - 10);
  link.idle();
  assert.is(link.packing!.output.length, 0);
  read(link, new StreamEncoder().encode(frame('again')));
  await bench.turn();
  assert.is(link.heard.at(-1), 'again');
});

test.run();
