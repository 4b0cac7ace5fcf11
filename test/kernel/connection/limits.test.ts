/** Every counter of what was refused or cut off: below its limit, at it, and over it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LimitHits } from '../../../kernel/broker.ts';
import type { BrokerOptions } from '../../../kernel/broker-options.ts';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { refuse } from '../../../kernel/hooks/refusal.ts';
import type { Permissions } from '../../../kernel/permissions/permissions.ts';
import { BrokerBench, QUIET, TestWire } from '../../kits/broker-bench.ts';
import { listLog } from '../../kits/plugin-kit.ts';

const NO_HITS: LimitHits = {
  connections: 0,
  accountConnections: 0,
  subscriptions: 0,
  authentication: 0,
  unauthenticatedBytes: 0,
  payload: 0,
  controlLine: 0,
  subscriptionTokens: 0,
  publishPermissions: 0,
  subscribePermissions: 0,
};

/** A client with all that it was sent, INFO left out. */
async function arrive(bench: BrokerBench, input: string): Promise<{ wire: TestWire; text: string }> {
  const wire = new TestWire();
  bench.broker.listener.accept(wire);
  await bench.turn();
  wire.input(input);
  await bench.turn();
  return { wire, text: wire.text.replace(/^INFO .*?\r\n/, '') };
}

for (const max of [3, 2, 1]) {
  const hits = Math.max(0, 2 - max);
  test(`of 2 connections ${hits} is refused where there may be ${max}`, async () => {
    const bench = new BrokerBench({ maxConnections: max });
    const wires = [await arrive(bench, QUIET), await arrive(bench, QUIET)];
    assert.equal(
      wires.map(({ text }) => text),
      ['', hits === 0 ? '' : "-ERR 'maximum connections exceeded'\r\n"],
    );
    assert.is(wires[1]!.wire.isEnded, hits > 0);
    assert.equal(bench.broker.limitHits, { ...NO_HITS, connections: hits });
  });

  for (const account of ['A', '$G']) {
    test(`of 2 connections to ${account} ${hits} is refused where the account may have ${max}`, async () => {
      const bench = new BrokerBench({ accounts: [{ name: account, limits: { maxConnections: max } }] });
      const owner = { plugin: 'test', rank: 0 };
      bench.broker.hooks.connectionAuthenticate.tap(owner, async () => ({ account, user: '', permissions: null }));
      const wires = [await arrive(bench, QUIET), await arrive(bench, QUIET)];
      assert.equal(
        wires.map(({ text }) => text),
        ['', hits === 0 ? '' : "-ERR 'maximum account active connections exceeded'\r\n"],
      );
      assert.is(wires[1]!.wire.isEnded, hits > 0);
      assert.equal(bench.broker.limitHits, { ...NO_HITS, accountConnections: hits });
      assert.is(bench.broker.accounts.get(account)!.connections.size, 2 - hits);
    });
  }

  test(`of 2 subscriptions ${hits} is refused where a client may have ${max}, and the client stays`, async () => {
    const bench = new BrokerBench({ maxSubscriptions: max });
    const { text, wire } = await arrive(bench, `${QUIET}SUB a 1\r\nSUB b 2\r\n`);
    assert.is(text, "-ERR 'maximum subscriptions exceeded'\r\n".repeat(hits));
    assert.is(wire.isEnded, false);
    assert.equal(bench.broker.limitHits, { ...NO_HITS, subscriptions: hits });
  });
}

test('a place that becomes free can be taken', async () => {
  const bench = new BrokerBench({ maxConnections: 1, maxSubscriptions: 1 });
  const first = await arrive(bench, `${QUIET}SUB a 1\r\nUNSUB 1\r\nSUB b 2\r\n`);
  assert.is(first.text, '');
  [...bench.broker.connections.values()][0]!.close(CloseReason.clientClosed);
  const second = await arrive(bench, QUIET);
  assert.is(second.text, '');
  assert.equal(bench.broker.limitHits, NO_HITS);
});

test('a second CONNECT takes no second place in the account', async () => {
  const bench = new BrokerBench({ accounts: [{ name: 'A', limits: { maxConnections: 1 } }] });
  const owner = { plugin: 'test', rank: 0 };
  bench.broker.hooks.connectionAuthenticate.tap(owner, async () => ({ account: 'A', user: '', permissions: null }));
  const { text, wire } = await arrive(bench, QUIET + QUIET);
  assert.equal([text, wire.isEnded], ['', false]);
  assert.equal(bench.broker.limitHits, NO_HITS);
});

test('logins that are refused are counted, those that are not are not', async () => {
  const bench = new BrokerBench();
  const owner = { plugin: 'test', rank: 0 };
  bench.broker.hooks.connectionAuthenticate.tap(owner, async (_connection, { user }) =>
    user === 'u' ? { account: '$G', user, permissions: null } : refuse('no'),
  );
  await arrive(bench, 'CONNECT {"user":"u","verbose":false}\r\n');
  assert.equal(bench.broker.limitHits, NO_HITS);
  const { text } = await arrive(bench, 'CONNECT {"user":"v","verbose":false}\r\n');
  assert.is(text, "-ERR 'Authorization Violation'\r\n");
  assert.equal(bench.broker.limitHits, { ...NO_HITS, authentication: 1 });
});

for (const [bytes, hits] of [
  [16_383, 0],
  [16_384, 0],
  [16_385, 1],
] as const) {
  test(`${bytes} bytes held for a client that is about to log in are ${hits} too many`, async () => {
    const bench = new BrokerBench();
    bench.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, () => new Promise(() => {}));
    const { text } = await arrive(bench, QUIET + ' '.repeat(bytes));
    assert.is(text, '');
    assert.equal(bench.broker.limitHits, { ...NO_HITS, unauthenticatedBytes: hits });
  });
}

const NO_SECRETS: Permissions = {
  mayPublish: (bytes, start, end) => bytes.toString('latin1', start, end) !== 'secret',
  maySubscribe: (subject) => subject !== 'secret',
  deliveryFilter: () => null,
  replies: null,
};

const AT_AND_OVER: [what: keyof LimitHits, within: string, over: string, options: Partial<BrokerOptions>][] = [
  ['payload', 'PUB a 3\r\nxxx\r\n', 'PUB a 4\r\nxxxx\r\n', { maxPayload: 3 }],
  ['controlLine', `SUB ${'a'.repeat(50)} 1\r\n`, `SUB ${'a'.repeat(100)} 1\r\n`, { maxControlLine: 60 }],
  ['subscriptionTokens', 'SUB a.b 1\r\n', 'SUB a.b.c 1\r\n', { maxSubscriptionTokens: 2 }],
  ['publishPermissions', 'PUB open 1\r\nx\r\n', 'PUB secret 1\r\nx\r\n', {}],
  ['subscribePermissions', 'SUB open 1\r\n', 'SUB secret 1\r\n', {}],
];

for (const [what, within, over, options] of AT_AND_OVER) {
  test(`what is refused by ${what} is counted, and what is within is not`, async () => {
    const bench = new BrokerBench(options);
    const owner = { plugin: 'test', rank: 0 };
    const identity = { account: '$G', user: '', permissions: NO_SECRETS };
    bench.broker.hooks.connectionAuthenticate.tap(owner, async () => identity);
    const { wire, text } = await arrive(bench, 'CONNECT {"verbose":false}\r\n');
    assert.is(text, '');
    wire.input(within);
    await bench.turn();
    assert.equal(bench.broker.limitHits, NO_HITS);
    wire.input(over);
    await bench.turn();
    assert.equal(bench.broker.limitHits, { ...NO_HITS, [what]: 1 });
  });
}

/** What the one who asked for `size` bytes and read none of them is cut off for. */
async function stuck(bench: BrokerBench, size: number): Promise<TestWire> {
  const { wire } = await arrive(bench, `${QUIET}SUB a 1\r\n`);
  wire.isStuck = true;
  await bench.ports.clock.advance(100);
  const publisher = await arrive(bench, QUIET);
  publisher.wire.input(`PUB a ${size}\r\n${'x'.repeat(size)}\r\n`);
  await bench.turn();
  return wire;
}

function slowCounts({ broker }: BrokerBench): [string, number][] {
  assert.is(broker.slowConsumerCount, broker.accounts.global.slowConsumers);
  return [...broker.slowConsumers];
}

const PENDING_MAX = 10_000;
const FRAME = 'MSG a 1 9999\r\n\r\n'.length;

for (const [excess, hits] of [
  [-1, 0],
  [0, 0],
  [1, 1],
] as const) {
  test(`a receiver that owes max_pending ${excess >= 0 ? '+' : '-'} ${Math.abs(excess)} bytes is ${hits} slow consumer`, async () => {
    const bench = new BrokerBench({ maxPending: PENDING_MAX });
    const wire = await stuck(bench, PENDING_MAX - FRAME + excess);
    assert.is(wire.isDestroyed, hits > 0);
    assert.equal(slowCounts(bench), hits === 0 ? [] : [[CloseReason.slowConsumerPending, 1]]);
  });
}

for (const [milliseconds, hits] of [
  [1999, 0],
  [2000, 1],
  [2500, 1],
] as const) {
  test(`a receiver that takes nothing for ${milliseconds} of 2000 ms is ${hits} slow consumer`, async () => {
    const bench = new BrokerBench({ writeDeadlineMs: 2000 });
    const wire = await stuck(bench, 10);
    await bench.ports.clock.advance(milliseconds);
    assert.is(wire.isDestroyed, hits > 0);
    assert.equal(slowCounts(bench), hits === 0 ? [] : [[CloseReason.slowConsumerDeadline, 1]]);
  });
}

/** Large messages lie outside the arena, and those count. */
const LARGE = 300_000;

for (const [spare, hits] of [
  [1, 0],
  [0, 0],
  [-1, 1],
] as const) {
  test(`all receivers together ${spare < 0 ? 'over' : spare === 0 ? 'at' : 'below'} max_outbound make ${hits} slow consumer`, async () => {
    const bench = new BrokerBench();
    const wire = await stuck(bench, LARGE);
    const publisher = await arrive(bench, QUIET);
    assert.ok(bench.broker.flow.pool.heapBytes >= LARGE);
    bench.broker.flow.options.outboundMax = bench.broker.flow.pool.heapBytes + spare;
    publisher.wire.input('PUB a 0\r\n\r\n');
    await bench.turn();
    assert.is(wire.isDestroyed, hits > 0);
    assert.equal(slowCounts(bench), hits === 0 ? [] : [[CloseReason.slowConsumerBudget, 1]]);
  });
}

/** QUIET is longer. */
const LINE_MAX = 64;
const HELLO = 'CONNECT {"verbose":false,"headers":true}\r\n';

for (const [what, input, explanation] of [
  ['a line at max_control_line', `SUB ${'s'.repeat(LINE_MAX - 2)} 1\r\n`, null],
  ['a line over max_control_line', `SUB ${'s'.repeat(LINE_MAX - 1)} 1\r\n`, 'maximum control line exceeded'],
  ['a line over it that has not ended', `SUB ${'s'.repeat(LINE_MAX + 1)}`, 'maximum control line exceeded'],
  ['a payload at max_payload', `PUB a 8\r\n${'x'.repeat(8)}\r\n`, null],
  ['a payload over max_payload', 'PUB a 9\r\n', 'maximum payload exceeded: 9 vs 8'],
  ['one spelled in another way', 'pub  a b  99\r\n', 'maximum payload exceeded: 99 vs 8'],
  ['one whose header has not come', 'HPUB a 12 113\r\nNATS', 'maximum payload exceeded: 113 vs 8'],
] as const) {
  test(`${what} is ${explanation === null ? 'taken' : 'refused, and the log says why'}`, async () => {
    const lines: string[] = [];
    const bench = new BrokerBench({ maxControlLine: LINE_MAX, maxPayload: 8 }, undefined, listLog(lines));
    const { wire } = await arrive(bench, HELLO);
    wire.input('PUB earlier 1\r\nx\r\n');
    wire.input(input);
    await bench.turn();
    assert.is(wire.isEnded, explanation !== null);
    const errors = lines.filter((line) => line.startsWith('error')).map((line) => line.replace(/^.* - cid:\d+ - /, ''));
    assert.equal(errors, explanation === null ? [] : [explanation]);
  });
}

test.run();
