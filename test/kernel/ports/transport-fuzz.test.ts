import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { createSimulation } from '../../../kernel/ports/simulated-ports.ts';
import { TcpNetwork } from '../../../kernel/ports/tcp-network.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { RecordingReceiver } from './recording-receiver.ts';
import { withSeed } from './seed.ts';

/** One end that does random things, within the rules of the contract, and watches that the other side of it is kept. */
class RandomEnd {
  readonly receiver: RecordingReceiver;
  private readonly pieces: Buffer[] = [];
  private isDestroyed = false;
  private readonly transport: Transport;
  private readonly random: FastRandom;
  private isInside = false;
  private isBlocked = false;
  private isPaused = false;
  private isOver = false;
  private lent: [memory: Buffer, copy: Buffer] | null = null;
  private readonly largestWrite: number;

  constructor(transport: Transport, random: FastRandom, readBuffer: Buffer | null, largestWrite: number) {
    this.transport = transport;
    this.random = random;
    this.largestWrite = largestWrite;
    this.receiver = new RecordingReceiver(readBuffer);
    this.receiver.watch = () => this.told();
    this.receiver.onWritten = () => this.written();
    transport.start(this.receiver);
  }

  get sent(): Buffer {
    return Buffer.concat(this.pieces);
  }

  act(): void {
    this.isInside = true;
    const choice = this.random.below(40);
    if (choice < 24) this.write();
    else if (choice < 32) this.pause();
    else if (choice < 38) this.resume();
    else if (this.random.below(10) === 0) this.finish(choice === 38);
    this.isInside = false;
  }

  finish(isGentle: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    if (isGentle) this.transport.end();
    else this.destroy();
  }

  destroy(): void {
    this.isOver = true;
    this.isDestroyed = true;
    this.transport.destroy();
  }

  /** Reads on, if it stopped. */
  listen(): void {
    this.resume();
  }

  private write(): void {
    if (this.isBlocked || this.isOver || this.receiver.closedCalls > 0) return;
    const length = 1 + this.random.below(this.random.below(6) === 0 ? this.largestWrite : 500);
    const bytes = Buffer.alloc(length, this.random.bytes(61));
    this.pieces.push(Buffer.from(bytes));
    const half = this.random.below(bytes.length);
    const isTaken = this.random.below(2)
      ? this.transport.write(bytes)
      : this.transport.writeAll([bytes.subarray(0, half), bytes.subarray(half)]);
    // What was taken may be reused at once; what was not must be left alone until it is.
    if (isTaken) bytes.fill(0);
    else this.lent = [bytes, Buffer.from(bytes)];
    this.isBlocked = !isTaken;
  }

  private written(): void {
    assert.is(this.isInside, false, 'told of a write from inside a call');
    assert.is(this.isBlocked, true, 'told of a write nobody waited for');
    assert.is(this.isDestroyed || this.receiver.closedCalls > 0, false, 'told of a write after the end');
    assert.equal(this.lent![0].equals(this.lent![1]), true, 'lent memory was written to');
    this.lent![0].fill(0);
    this.isBlocked = false;
  }

  private pause(): void {
    if (this.isOver || this.isPaused) return;
    this.isPaused = true;
    this.transport.pause();
  }

  private resume(): void {
    if (this.isOver || !this.isPaused) return;
    this.isPaused = false;
    this.transport.resume();
  }

  private told(): void {
    assert.is(this.isInside, false, 'told of something from inside a call');
    if (this.receiver.closedCalls > 0) {
      this.isOver = true;
      this.lent?.[0].fill(0);
      return;
    }
    assert.is(this.isPaused, false, 'bytes arrived while paused');
    assert.is(this.isOver, false, 'bytes arrived after the end');
    if (this.random.below(3) === 0) this.actInside();
  }

  /** Inside a read everything is allowed that is allowed outside. */
  private actInside(): void {
    this.act();
    if (this.isPaused && this.random.below(2) === 0) this.resume();
  }
}

/** More than a system keeps for a peer that does not read. */
const LARGE = 5_000_000;

function assertPrefix(received: Buffer, sent: Buffer): void {
  assert.ok(received.length <= sent.length && received.equals(sent.subarray(0, received.length)), 'bytes were mangled');
}

function assertKept(one: RandomEnd, other: RandomEnd): void {
  for (const end of [one, other]) assert.is(end.receiver.closedCalls, 1);
  assertPrefix(one.receiver.bytes, other.sent);
  assertPrefix(other.receiver.bytes, one.sent);
}

test('two simulated ends that do as they please keep the contract', () =>
  withSeed(async (random, seed) => {
    for (let round = 0; round < 150; round++) {
      const world = createSimulation(seed + round, { cutChance: 0.2, cutWithinMs: 100 });
      const buffer = Buffer.alloc(2048);
      let far!: RandomEnd;
      await world.ports.network.listen({ host: '127.0.0.1', port: 1, readBuffer: buffer }, (transport) => {
        far = new RandomEnd(transport, random, buffer, 300_000);
      });
      const wire = await world.until(world.ports.network.connect({ host: '127.0.0.1', port: 1 }));
      const near = new RandomEnd(wire, random, null, 300_000);
      for (let step = 0; step < 60; step++) {
        (random.below(2) === 0 ? near : far).act();
        if (random.below(3) === 0) await world.run(world.clock.monotonic() + random.below(4));
      }
      // What is still under way when one end leaves can reach the other.
      near.finish(random.below(2) === 0);
      far.listen();
      await world.run(world.clock.monotonic() + 20);
      near.destroy();
      far.destroy();
      await world.run();
      assertKept(near, far);
    }
  }));

test('two TCP ends that do as they please keep the contract', () =>
  withSeed(async (random) => {
    const network = new TcpNetwork();
    const buffer = Buffer.alloc(16_384);
    const waiting: ((end: RandomEnd) => void)[] = [];
    const listener = await network.listen({ host: '127.0.0.1', port: 0, readBuffer: buffer }, (transport) =>
      waiting.shift()!(new RandomEnd(transport, random, buffer, LARGE)),
    );
    for (let round = 0; round < 20; round++) {
      const accepted = new Promise<RandomEnd>((resolve) => waiting.push(resolve));
      const readBuffer = random.below(2) === 0 ? buffer : undefined;
      const wire = await network.connect({ host: '127.0.0.1', port: listener.port, readBuffer });
      const [near, far] = [new RandomEnd(wire, random, readBuffer ?? null, LARGE), await accepted];
      for (let step = 0; step < 60; step++) {
        (random.below(2) === 0 ? near : far).act();
        if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      near.finish(random.below(2) === 0);
      far.listen();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      near.destroy();
      far.destroy();
      await Promise.all([near.receiver.closed(), far.receiver.closed()]);
      assertKept(near, far);
    }
    await listener.close();
  }));

test.run();
