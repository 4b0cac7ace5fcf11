import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSimulation, type Simulation, type SimulationOptions } from '../../../kernel/ports/simulated-ports.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { digest, RecordingReceiver, writeInPieces } from './recording-receiver.ts';
import { chooseSeed, withSeed } from './seed.ts';

interface Wire {
  near: Transport;
  far: Transport;
  nearHears: RecordingReceiver;
  farHears: RecordingReceiver;
}

/** Two machines, a and b, and a connection from one to the other. */
async function connectMachines(world: Simulation, readBuffer?: Uint8Array): Promise<Wire> {
  const farHears = new RecordingReceiver(readBuffer ?? null);
  let far: Transport | null = null;
  await world.machine('b').network.listen({ host: '0.0.0.0', port: 4222, readBuffer }, (transport) => {
    far = transport;
    transport.start(farHears);
  });
  const near = await world.until(world.machine('a').network.connect({ host: 'b', port: 4222 }));
  const nearHears = new RecordingReceiver();
  near.start(nearHears);
  return { near, far: far!, nearHears, farHears };
}

/** A busy minute: timers, requests and answers over the wire, files, chance. Everything that happens is written down. */
async function transcript(seed: number, options: SimulationOptions = {}): Promise<string> {
  const world = createSimulation(seed, options);
  const { clock, random, disk } = world.ports;
  const lines: string[] = [];
  const note = (what: string) => lines.push(`${clock.monotonic()} ${clock.now()} ${what}`);
  const wire = await connectMachines(world);
  wire.farHears.watch = () => {
    note(`b has ${wire.farHears.length}`);
    if (wire.farHears.length < 5000) wire.far.write(random.bytes(50));
  };
  wire.nearHears.watch = () => {
    note(`a has ${wire.nearHears.length}, ${wire.nearHears.closedCalls}`);
    if (wire.nearHears.length < 5000) wire.near.write(random.bytes(random.below(100)));
  };
  wire.near.write(random.bytes(100));
  for (let index = 0; index < 20; index++) clock.after(100, () => note(`timer ${index}`));
  clock.soon(() => note('soon'));
  disk.writeFile('/a', 'text').then(() => note('written'));
  await world.run(1000);
  note('end');
  return lines.join('\n');
}

test('the same seed gives the same run, event by event, and another seed another', async () => {
  const seed = chooseSeed();
  const options = { cutChance: 0.5, cutWithinMs: 100 };
  const [first, again, other] = [
    await transcript(seed, options),
    await transcript(seed, options),
    await transcript(seed + 1, options),
  ];
  assert.is(first, again);
  assert.is.not(first, other);
});

test('time passes only for events, and at once', async () => {
  const world = createSimulation(1);
  const { clock } = world.ports;
  const began = Date.now();
  const seen: number[] = [];
  clock.after(86_400_000, () => seen.push(clock.monotonic()));
  const cancelled = clock.after(1000, () => assert.unreachable());
  clock.after(500, () => cancelled.cancel());
  await world.run(600);
  assert.is(clock.monotonic(), 600);
  const before = clock.now();
  await world.run();
  assert.equal(seen, [86_400_000]);
  assert.is(clock.now() - before, 86_400_000 - 600);
  assert.ok(Date.now() - began < 10_000);
});

test('what promises wait for happens before the next event', async () => {
  const world = createSimulation(1);
  const order: string[] = [];
  world.ports.clock.after(10, async () => {
    for (let index = 0; index < 50; index++) await null;
    order.push('promise');
  });
  world.ports.clock.after(10.5, () => order.push('event'));
  await world.run();
  assert.equal(order, ['promise', 'event']);
});

test('what is soon comes in order and before any timer', async () => {
  const world = createSimulation(2);
  const order: number[] = [];
  world.ports.clock.after(1, () => order.push(4));
  for (let index = 0; index < 4; index++) world.ports.clock.soon(() => order.push(index));
  await world.run();
  assert.equal(order, [0, 1, 2, 3, 4]);
});

test('many timers come in order, and cancelled ones never', () =>
  withSeed(async (random, seed) => {
    const world = createSimulation(seed);
    let last = 0;
    let count = 0;
    const kept: number[] = [];
    for (let index = 0; index < 2000; index++) {
      const due = 1 + random.below(500);
      const timer = world.ports.clock.after(due, () => {
        assert.is(world.clock.monotonic(), due);
        assert.ok(due >= last);
        last = due;
        count++;
      });
      if (random.below(3) > 0) timer.cancel();
      else kept.push(due);
    }
    await world.run();
    assert.is(count, kept.length);
  }));

test('bytes arrive late, in order, in other portions than they were written', () =>
  withSeed(async (random, seed) => {
    const buffer = Buffer.alloc(4096);
    const world = createSimulation(seed);
    const wire = await connectMachines(world, buffer);
    const sent = [random.bytes(200_000), random.bytes(200_000)] as const;
    const size = () => 1 + random.below(3000);
    const written = Promise.all([
      writeInPieces(wire.near, wire.nearHears, sent[0], size),
      writeInPieces(wire.far, wire.farHears, sent[1], size),
    ]);
    await world.until(written);
    await world.run();
    assert.is(digest(wire.farHears.bytes), digest(sent[0]));
    assert.is(digest(wire.nearHears.bytes), digest(sent[1]));
    assert.ok(wire.farHears.chunks.some((chunk) => chunk.length <= 8));
    assert.ok(world.clock.monotonic() > 0);
  }));

test('a reader that keeps what it borrowed finds it spoiled', async () => {
  const world = createSimulation(3);
  const wire = await connectMachines(world);
  const kept: Uint8Array[] = [];
  wire.farHears.onBytes = (bytes) => void kept.push(bytes);
  wire.near.write(Buffer.from('borrowed'));
  await world.run();
  for (const bytes of kept) for (const byte of bytes) assert.is(byte, 0xdd);
  assert.ok(kept.length > 0);
});

test('split machines hear nothing of each other until they are joined, and then everything', async () => {
  const world = createSimulation(4);
  const wire = await connectMachines(world);
  world.network.split('b', 'a');
  for (const letter of 'abcdef') wire.near.write(Buffer.from(letter));
  await world.run(5000);
  assert.is(wire.farHears.length, 0);
  wire.near.write(Buffer.from('g'));
  world.network.join('a', 'b');
  await world.run(6000);
  assert.is(wire.farHears.text, 'abcdefg');
});

test('connecting across a split takes as long as the time-out and then fails', async () => {
  const world = createSimulation(5);
  await connectMachines(world);
  world.network.split('a', 'b');
  const began = world.clock.monotonic();
  const connecting = world.machine('a').network.connect({ host: 'b', port: 4222, timeoutMs: 700 });
  const error = await world.until(connecting.catch((reason: { code: string }) => reason));
  assert.is((error as { code: string }).code, 'ETIMEDOUT');
  assert.ok(world.clock.monotonic() - began >= 700);
});

test('a cut resets both ends once', async () => {
  const world = createSimulation(6);
  const wire = await connectMachines(world);
  wire.near.write(Buffer.from('lost or not'));
  world.network.cut('a', 'b');
  await world.run();
  assert.equal([wire.nearHears.closedCalls, wire.farHears.closedCalls], [1, 1]);
  assert.is((wire.nearHears.error as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.is((wire.farHears.error as NodeJS.ErrnoException).code, 'ECONNRESET');
});

test('connections are cut by chance where the world is told so', async () => {
  const world = createSimulation(7, { cutChance: 1, cutWithinMs: 1000 });
  const wire = await connectMachines(world);
  await world.run(2000);
  assert.is(wire.nearHears.closedCalls, 1);
});

test('one end may say goodbye and still be answered', async () => {
  const world = createSimulation(8);
  const wire = await connectMachines(world);
  wire.farHears.watch = () => {
    if (wire.farHears.text === 'question') wire.far.write(Buffer.from('answer'));
  };
  const stream = wire.near as Transport & { endWriting(): void };
  stream.write(Buffer.from('question'));
  stream.endWriting();
  await world.run();
  assert.is(wire.nearHears.text, 'answer');
  assert.equal([wire.nearHears.closedCalls, wire.farHears.closedCalls], [1, 1]);
});

test('each machine has its own ports and its own files', async () => {
  const world = createSimulation(9);
  const [a, b] = [world.machine('a'), world.machine('b')];
  await a.network.listen({ host: '127.0.0.1', port: 4222 }, () => {});
  await b.network.listen({ host: '127.0.0.1', port: 4222 }, () => {});
  await world.until(a.network.connect({ host: 'localhost', port: 4222 }));
  const refused = world.until(world.ports.network.connect({ host: 'localhost', port: 4222 }).catch(String));
  assert.match((await refused) as string, 'nobody listens there (ECONNREFUSED)');
  await world.until(a.disk.makeDirectory('/data/deep'));
  await world.until(a.disk.writeFile('/data/deep/file', 'text'));
  assert.is(Buffer.from(a.disk.readFileSync('/data/deep/file')).toString(), 'text');
  assert.equal(await world.until(a.disk.list('/data')), ['deep']);
  assert.equal(await world.until(a.disk.list('/')), ['data']);
  await world.until(a.disk.rename('/data/deep/file', '/data/deep/other'));
  await world.until(a.disk.syncDirectory('/data/deep'));
  assert.equal(await world.until(a.disk.list('/data/deep')), ['other']);
  await world.until(a.disk.remove('/data/deep/other'));
  const codeOf = (operation: Promise<unknown>) => operation.catch((error: NodeJS.ErrnoException) => error.code);
  const refusals = [
    codeOf(a.disk.readFile('/data/deep/file')),
    codeOf(b.disk.writeFile('/data/deep/file', 'text')),
    codeOf(b.disk.list('/data')),
    codeOf(a.disk.rename('/data/deep/file', '/data/deep/other')),
    codeOf(b.disk.syncDirectory('/data')),
  ];
  assert.equal(await world.until(Promise.all(refusals)), Array(5).fill('ENOENT'));
  assert.equal(a.network.interfaceAddresses(), ['a']);
});

test('a world that hangs or never rests is reported with its seed', async () => {
  const world = createSimulation(10, { eventsMax: 100 });
  const stuck = await world.until(new Promise(() => {})).catch(String);
  assert.match(stuck as string, 'simulation with seed 10, at 0.000 ms: nothing is left to happen');
  const again = () => {
    world.ports.clock.after(1, again);
  };
  again();
  assert.match((await world.run().catch(String)) as string, 'still busy after 100 events');
});

test('a throw inside the world carries the seed and the moment', async () => {
  const world = createSimulation(11);
  world.ports.clock.after(5, () => {
    throw new Error('broken');
  });
  assert.match((await world.run().catch(String)) as string, 'simulation with seed 11, at 5.000 ms: broken');
});

test.run();
