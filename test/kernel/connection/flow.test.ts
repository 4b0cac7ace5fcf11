import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { SERVICE_SINK, type ServiceSink, Subscription } from '../../../kernel/plugin-api.ts';
import { BrokerBench, type TestWire } from '../../kits/broker-bench.ts';

function publish(subject: string, size: number, filling = 'x'): string {
  return `PUB ${subject} ${size}\r\n${filling.repeat(size)}\r\n`;
}

async function stuckReceiver(bench: BrokerBench, sid = '1') {
  const wire = await bench.client();
  wire.input(`SUB a ${sid}\r\n`);
  wire.isStuck = true;
  return wire;
}

test('a receiver that stops reading is cut off when it would owe more than max_pending, and nobody else notices', async () => {
  const bench = new BrokerBench({ maxPending: 100_000, maxPayload: 100_000 });
  const [stuck, healthy, publisher] = [await stuckReceiver(bench), await bench.client(), await bench.client()];
  healthy.input('SUB a 1\r\n');
  const frame = 'MSG a 1 49986\r\n'.length + 49_986 + 2;
  assert.is(frame * 2, 100_006);
  publisher.input(publish('a', 49_983));
  await bench.turn();
  publisher.input(publish('a', 49_983));
  await bench.turn();
  assert.not.ok(stuck.isDestroyed, 'exactly at the limit it may stay');
  publisher.input(publish('a', 0));
  await bench.turn();
  assert.ok(stuck.isDestroyed);
  assert.is(bench.broker.slowConsumers.get(CloseReason.slowConsumerPending), 1);
  assert.is(healthy.text.match(/MSG a 1 /g)?.length, 3);
  assert.is(bench.broker.accounts.global.slowConsumers, 1);
});

test('a producer waits once its receiver is past three quarters, and goes on when the receiver has caught up', async () => {
  const bench = new BrokerBench({ maxPending: 100_000 });
  const [stuck, publisher] = [await stuckReceiver(bench), await bench.client()];
  for (let sent = 0; sent < 4; sent++) {
    publisher.input(publish('a', 20_000));
    await bench.turn();
    assert.not.ok(publisher.isPaused);
  }
  publisher.input(publish('a', 10) + publish('b', 10));
  assert.ok(publisher.isPaused);
  stuck.isStuck = false;
  stuck.drain();
  await bench.turn();
  assert.not.ok(publisher.isPaused);
  assert.is(stuck.text.match(/MSG a/g)?.length, 5);
});

test('a producer waits no longer than ten milliseconds for one read, however much of it is left', async () => {
  const bench = new BrokerBench({ maxPending: 100_000 });
  const [stuck, publisher] = [await stuckReceiver(bench), await bench.client()];
  for (let sent = 0; sent < 4; sent++) publisher.input(publish('a', 20_000));
  await bench.turn();
  publisher.input(publish('a', 10).repeat(5));
  assert.ok(publisher.isPaused);
  await bench.ports.clock.advance(10);
  await bench.turn();
  assert.not.ok(publisher.isPaused);
  stuck.isStuck = false;
  stuck.drain();
  await bench.turn();
  assert.is(stuck.text.match(/MSG a/g)?.length, 9);
});

test('with no_fast_producer_stall messages for the receiver are dropped instead', async () => {
  const bench = new BrokerBench({ maxPending: 100_000, dropsInsteadOfStalling: true });
  const [stuck, publisher] = [await stuckReceiver(bench), await bench.client()];
  for (let sent = 0; sent < 9; sent++) publisher.input(publish('a', 20_000));
  await bench.turn();
  assert.not.ok(publisher.isPaused);
  assert.not.ok(stuck.isDestroyed);
  stuck.isStuck = false;
  stuck.drain();
  await bench.turn();
  assert.is(stuck.text.match(/MSG a/g)?.length, 4);
});

test('a receiver that takes nothing until the write deadline is cut off', async () => {
  const bench = new BrokerBench({ writeDeadlineMs: 2000 });
  const [stuck, publisher] = [await stuckReceiver(bench), await bench.client()];
  publisher.input(publish('a', 10));
  await bench.turn();
  await bench.ports.clock.advance(1900);
  assert.not.ok(stuck.isDestroyed);
  await bench.ports.clock.advance(700);
  assert.ok(stuck.isDestroyed);
  assert.is(bench.broker.slowConsumers.get(CloseReason.slowConsumerDeadline), 1);
});

test('when all receivers together owe too much, those who have lagged longest go first', async () => {
  const bench = new BrokerBench({ maxOutbound: 400_000 });
  const oldest = await stuckReceiver(bench);
  const publisher = await bench.client();
  publisher.input(publish('a', 100));
  await bench.turn();
  await bench.ports.clock.advance(5);
  const younger = [await stuckReceiver(bench, '2'), await stuckReceiver(bench, '3')];
  for (let sent = 0; sent < 30 && !oldest.isDestroyed; sent++) {
    publisher.input(publish('a', 20_000));
    await bench.turn();
    await bench.ports.clock.advance(10);
  }
  assert.ok(oldest.isDestroyed);
  assert.equal(
    younger.map((wire) => wire.isDestroyed),
    [false, false],
  );
  assert.is(bench.broker.slowConsumers.get(CloseReason.slowConsumerBudget), 1);
});

test('a large message for many receivers is in memory once', async () => {
  const bench = new BrokerBench();
  for (let count = 0; count < 100; count++) await stuckReceiver(bench);
  const publisher = await bench.client();
  for (let sent = 0; sent < 10; sent++) {
    publisher.input(publish('a', 16_384));
    await bench.turn();
  }
  assert.ok(bench.broker.flow.pool.heapBytes < 11 * 17_000, `${bench.broker.flow.pool.heapBytes} bytes are held`);
});

test('receivers with ids of their own still share the body', async () => {
  const bench = new BrokerBench();
  const wires = [];
  for (let count = 0; count < 40; count++) wires.push(await stuckReceiver(bench, `sid${count}`));
  const publisher = await bench.client();
  publisher.input(publish('a', 16_384));
  await bench.turn();
  for (const [index, wire] of wires.entries()) {
    wire.isStuck = false;
    wire.drain();
    await bench.turn();
    assert.is(wire.text, `MSG a sid${index} 16384\r\n${'x'.repeat(16_384)}\r\n`);
  }
  assert.is(bench.broker.flow.pool.heapBytes, 0);
});

test('small and large messages leave in the order in which they came', async () => {
  const bench = new BrokerBench();
  const [one, two, publisher] = [
    await stuckReceiver(bench, '7'),
    await stuckReceiver(bench, '7'),
    await bench.client(),
  ];
  const sizes = [5, 20_000, 3, 70_000, 0, 9000, 1];
  for (const size of sizes) publisher.input(publish('a', size));
  await bench.turn();
  for (const wire of [one, two]) {
    wire.isStuck = false;
    wire.drain();
    await bench.turn();
    assert.is(wire.text, sizes.map((size) => `MSG a 7 ${size}\r\n${'x'.repeat(size)}\r\n`).join(''));
  }
});

test('what was promised before a close still leaves, however slowly', async () => {
  const bench = new BrokerBench();
  const wire = await bench.client();
  wire.isStuck = true;
  wire.input('PING\r\n');
  await bench.turn();
  wire.input('FOO\r\n');
  await bench.turn();
  assert.not.ok(wire.isEnded);
  wire.isStuck = false;
  wire.drain();
  assert.match(wire.text, /PONG\r\nINFO .*\r\n-ERR 'Unknown Protocol Operation'\r\n$/);
  assert.ok(wire.isEnded);
});

/** Somebody who answers when the input is over. */
function answerLate(bench: BrokerBench): void {
  const { broker, ports } = bench;
  const account = broker.accounts.global;
  const answer: ServiceSink = {
    kind: SERVICE_SINK,
    deliver: ({ reply }) => {
      ports.clock.afterInput(() => void broker.publisher.publish(account, { subject: reply, body: 'late' }));
      return true;
    },
  };
  account.sublist.insert(new Subscription(answer, 'late', '', ''));
}

test('a lone input is answered at once, be it by one who waits for its end', async () => {
  const bench = new BrokerBench();
  answerLate(bench);
  const wire = await bench.client();
  wire.input('SUB answers 1\r\n');
  await bench.turn();
  wire.input('PUB late answers 0\r\n\r\n');
  assert.is(wire.text, 'MSG answers 1 4\r\nlate\r\n');
});

test('where turns have many inputs, answers leave together at the end of the turn', async () => {
  const bench = new BrokerBench();
  answerLate(bench);
  const wires = [await bench.client(), await bench.client(), await bench.client()];
  for (const wire of wires) wire.input('SUB answers 1\r\n');
  for (let turn = 0; turn < 20; turn++) {
    for (const wire of wires) wire.input('PUB nobody 0\r\n\r\n');
    await bench.turn();
  }
  const [first, second, third] = wires as [TestWire, TestWire, TestWire];
  first.input('PUB late answers 0\r\n\r\n');
  second.input('PUB late answers 0\r\n\r\n');
  assert.is(third.text, '');
  await bench.turn();
  assert.is(third.text, 'MSG answers 1 4\r\nlate\r\n'.repeat(2));
});

test.run();
