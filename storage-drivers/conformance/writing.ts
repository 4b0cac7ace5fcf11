import assert from 'node:assert/strict';
import { type MessageBytes, Read, Refused } from '../contract.ts';
import { bytesOf, contentLength, sample } from './sample-message.ts';
import { expectRecord, put, untilDurable } from './store-driving.ts';
import type { DriverTest } from './suite.ts';

export function testAppending(test: DriverTest): void {
  test('what is appended can be read with every byte and every number', async ({ driver }) => {
    const { store } = await driver.open('s');
    const given = [
      sample({ subject: 'a', headerLength: 0, bodyLength: 0 }),
      sample({ subject: 'a.b.c', headerLength: 20, bodyLength: 0, seconds: 0, nanos: 0 }),
      sample({ headerLength: 16, bodyLength: 100, seconds: 2 ** 33 - 1, nanos: 999_999_999, flags: 0xffff }),
      sample({ subject: 's'.repeat(65_535), bodyLength: 3 }),
      sample({ bodyLength: 3_000_000, salt: 9 }),
      sample({ subject: 'caf\u00e9.\u00ff', bodyLength: 1 }),
    ];
    for (const [index, each] of given.entries()) assert.ok(put(store, index + 1, each) > 0);
    for (const [index, each] of given.entries()) await expectRecord(store, index + 1, each);
    const bytes = given.reduce((sum, each) => sum + contentLength(each), 0);
    assert.deepEqual([store.first, store.last, store.count, store.contentBytes], [1, 6, 6, bytes]);
  });

  test('the bytes belong to the caller again once append has returned', async ({ driver }) => {
    const { store } = await driver.open('s');
    const given = sample({ bodyLength: 300, headerLength: 30 });
    const message: MessageBytes = bytesOf(given);
    store.append(1, given.seconds, given.nanos, given.flags, message);
    message.bytes.fill(0);
    message.subjectBytes.fill(0);
    await expectRecord(store, 1, given);
  });

  test('sequences may be left out, however many', async ({ driver }) => {
    const { store } = await driver.open('s');
    const places = [3, 4, 5000, 2 ** 40, Number.MAX_SAFE_INTEGER];
    for (const seq of places) put(store, seq, sample({ salt: seq % 100 }));
    for (const seq of places) await expectRecord(store, seq, sample({ salt: seq % 100 }));
    assert.deepEqual([store.first, store.last, store.count], [3, Number.MAX_SAFE_INTEGER, 5]);
    assert.equal(store.read(2 ** 40 + 1), Read.gone);
  });

  test('a sequence that does not ascend is a mistake', async ({ driver }) => {
    const { store } = await driver.open('s');
    put(store, 5, sample());
    for (const seq of [5, 4, 0, -1, Number.NaN, 2 ** 53]) assert.throws(() => put(store, seq, sample()), RangeError);
    assert.throws(() => store.advance(4), RangeError);
    assert.equal(store.count, 1);
  });

  test('a time that cannot be kept is a mistake', async ({ driver }) => {
    const { store } = await driver.open('s');
    for (const [seconds, nanos] of [
      [-1, 0],
      [2 ** 33, 0],
      [0, 1_000_000_000],
      [0, -1],
    ] as const) {
      assert.throws(() => put(store, 1, sample({ seconds, nanos })), RangeError);
    }
  });
}

export function testTickets(test: DriverTest): void {
  test('sequences can be spent without a record', async ({ driver }) => {
    const { store } = await driver.open('s');
    store.advance(7);
    assert.deepEqual([store.first, store.last, store.count], [8, 7, 0]);
    put(store, 8, sample());
    store.advance(20);
    assert.deepEqual([store.first, store.last, store.count], [8, 20, 1]);
    assert.equal(store.read(15), Read.gone);
    assert.throws(() => put(store, 20, sample()), RangeError);
  });

  test('a record that is too long is refused, and nothing else changes', async ({ driver }) => {
    const { store } = await driver.open('s');
    const subject = 's'.repeat(65_536);
    assert.equal(put(store, 1, sample({ subject })), Refused.tooLarge);
    if (driver.supports.maxRecord < 2 ** 28) {
      assert.equal(put(store, 1, sample({ bodyLength: driver.supports.maxRecord })), Refused.tooLarge);
    }
    assert.deepEqual([store.last, store.count], [0, 0]);
    assert.ok(put(store, 1, sample()) > 0);
  });

  test('tickets grow, and become durable in order', async (running) => {
    const { store } = await running.driver.open('s');
    const tickets = [1, 2, 3].map((seq) => put(store, seq, sample()));
    tickets.push(store.cells.put('c', new Uint8Array(3)), store.remove(1, 1), store.advance(9));
    for (let index = 1; index < tickets.length; index++) assert.ok(tickets[index]! > tickets[index - 1]!);
    await untilDurable(running, store, tickets[5]!);
    assert.ok(store.durableTicket >= tickets[5]!);
  });

  test('nobody is told of durable tickets within the call that writes', async (running) => {
    const { store } = await running.driver.open('s');
    let isWriting = false;
    const heard: number[] = [];
    store.onDurable({
      durable: (ticket) => {
        assert.equal(isWriting, false);
        heard.push(ticket);
      },
      failed: (error) => assert.fail(error.message),
    });
    for (let seq = 1; seq <= 100; seq++) {
      isWriting = true;
      put(store, seq, sample());
      isWriting = false;
      if (seq % 10 === 0) await running.turn();
    }
    assert.deepEqual(
      heard,
      [...heard].sort((one, other) => one - other),
    );
  });
}
