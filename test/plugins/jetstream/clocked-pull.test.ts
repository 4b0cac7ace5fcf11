/** Requests for messages and what they are told, byte for byte, and messages that are sent again, by the clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ClockedClient, type ClockedStreams, clocked } from './clocked-streams.ts';

const START = 1_577_836_800_000;

function status(line: string, fields: Readonly<Record<string, number>> = {}, subject = 'in'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const block = `NATS/1.0 ${line}\r\n${lines.join('')}\r\n`;
  return `HMSG ${subject} 1 ${block.length} ${block.length}\r\n${block}\r\n`;
}

const left = (messages: number, bytes: number): Readonly<Record<string, number>> => ({
  'Nats-Pending-Messages': messages,
  'Nats-Pending-Bytes': bytes,
});

/** The `seq`th message, as it is sent for the `delivery`th time as the `own`th of the consumer. */
function message(body: string, [delivery, seq, own, pending]: readonly number[], at = 0): string {
  return `MSG s.a 1 $JS.ACK.S.C.${delivery}.${seq}.${own}.${START + at}000000.${pending} ${body.length}\r\n${body}\r\n`;
}

async function stored(streams: ClockedStreams, count: number, consumer: object = {}): Promise<ClockedClient> {
  await streams.stream();
  for (let at = 1; at <= count; at++) await streams.store('s.a', `m${at}`);
  await streams.consumer(consumer);
  return streams.client('in');
}

test('a request waits for as long as it says and is then told what it did not get', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 1);
    await client.pull({ batch: 3, expires: 2e9 });
    assert.is(client.heard(), message('m1', [1, 1, 1, 0]));
    await streams.advance(1_999);
    assert.is(client.heard(), '');
    await streams.advance(1);
    assert.is(client.heard(), status('408 Request Timeout', left(2, 0)));
    assert.is((await streams.info()).num_waiting, 0);
  }));

test('a request that does not wait gets what is there, and is told that this was all', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 2);
    await client.pull({ batch: 5, no_wait: true });
    assert.is(client.heard(), message('m1', [1, 1, 1, 1]) + message('m2', [1, 2, 2, 0]) + status('404 No Messages'));
    await client.pull({ batch: 1, no_wait: true });
    assert.is(client.heard(), status('404 No Messages'));
  }));

test('one that does not wait hears at once that too little is there for what flows over', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 1, { priority_policy: 'overflow', priority_groups: ['g'] });
    await client.pull({ batch: 1, no_wait: true, group: 'g', min_ack_pending: 3 });
    assert.is(client.heard(), status('404 No Messages'));
    assert.is((await streams.info()).num_waiting, 0);
  }));

test('one that waits for the first only, gets what comes then, and ends', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 0);
    await client.pull({ batch: 5, no_wait: true, expires: 3e9 });
    assert.is(client.heard(), '');
    await streams.store('s.a', 'm1');
    assert.is(client.heard(), message('m1', [1, 1, 1, 0]) + status('404 No Messages'));
    await client.pull({ batch: 5, no_wait: true, expires: 3e9 });
    await streams.advance(3_000);
    assert.is(client.heard(), status('408 Request Timeout', left(5, 0)));
  }));

test('a limit of bytes counts subjects, headers and payload, and ends the request where the next is too large', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 3);
    const size = 's.a'.length + `$JS.ACK.S.C.1.1.1.${START}000000.2`.length + 2;
    await client.pull({ batch: 3, expires: 1e9, max_bytes: 2 * size + 1 });
    assert.is(
      client.heard(),
      message('m1', [1, 1, 1, 2]) +
        message('m2', [1, 2, 2, 1]) +
        status('409 Message Size Exceeds MaxBytes', left(1, 1)),
    );
    await client.pull({ batch: 1, expires: 1e9, max_bytes: size + 7 });
    assert.is(client.heard(), message('m3', [1, 3, 3, 0]) + status('409 Batch Completed', left(0, 7)));
    await streams.store('s.a', 'm4');
    await client.pull({ batch: 2, expires: 1e9, max_bytes: size });
    assert.is(client.heard(), message('m4', [1, 4, 4, 0]));
    await streams.advance(1_000);
    assert.is(client.heard(), '');
  }));

test('signs of life come while a request waits, and each message puts the next one off', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 0);
    await client.pull({ batch: 2, expires: 4e9, idle_heartbeat: 1e9 });
    const beat = (own: number, seq: number): string =>
      status('100 Idle Heartbeat', { 'Nats-Last-Consumer': own, 'Nats-Last-Stream': seq });
    await streams.advance(1_000);
    assert.is(client.heard(), beat(0, 0));
    await streams.advance(500);
    await streams.store('s.a', 'm1');
    assert.is(client.heard(), message('m1', [1, 1, 1, 0], 1_500));
    await streams.advance(999);
    assert.is(client.heard(), '');
    await streams.advance(1);
    assert.is(client.heard(), beat(1, 1));
    await streams.advance(1_500);
    assert.is(client.heard(), beat(1, 1) + status('408 Request Timeout', left(1, 0)));
    await client.pull({ batch: 1, expires: 1e9, idle_heartbeat: 6e8 });
    assert.is(client.heard(), status('400 Bad Request - heartbeat value too large'));
  }));

test('ten thousand requests wait and are served in the order in which they came, each in its turn', () =>
  clocked(async (streams) => {
    const count = 10_000;
    const client = await stored(streams, 0, { max_waiting: count, ack_wait: 120e9 });
    const pull = '$JS.API.CONSUMER.MSG.NEXT.S.C';
    const body = JSON.stringify({ batch: 2, expires: 60e9 });
    const requests = (from: number, to: number): string =>
      Array.from({ length: to - from }, (_, at) => `PUB ${pull} in.${from + at} ${body.length}\r\n${body}\r\n`).join(
        '',
      );
    await client.send('SUB in.* 2\r\n');
    await client.send(requests(0, count));
    assert.is((await streams.info()).num_waiting, count);
    await client.send(`PUB ${pull} in.over ${body.length}\r\n${body}\r\n`);
    assert.is(client.heard(), status('409 Exceeded MaxWaiting').replace('HMSG in 1', 'HMSG in.over 2'));
    for (let at = 0; at < 3; at++) await streams.store('s.a', 'm');
    const info = await streams.info();
    assert.equal([info.num_waiting, info.delivered.consumer_seq], [count, 3]);
    await streams.advance(60_000);
    const ends = client.heard().match(/Nats-Pending-Messages: \d/g)!;
    assert.is(ends.length, count);
    // The first three got one each and stand at the end of the line since.
    assert.equal(
      [ends.filter((end) => end.endsWith('1')).length, ends.filter((end) => end.endsWith('2')).length],
      [3, count - 3],
    );
    assert.is((await streams.info()).num_waiting, 0);
  }));

test('a message that is not acknowledged is sent again after each of its waits, the last one again and again', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 1, { backoff: [1e9, 3e9, 5e9], max_deliver: 5 });
    const watcher = await streams.client('$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.C');
    await client.pull({ batch: 10 });
    assert.is(client.heard(), message('m1', [1, 1, 1, 0]));
    let own = 1;
    for (const wait of [1_000, 3_000, 5_000, 5_000]) {
      await streams.advance(wait - 1);
      assert.is(client.heard(), '');
      await streams.advance(1);
      own++;
      assert.is(client.heard(), message('m1', [own, 1, own, 0]));
      assert.is((await streams.info()).num_redelivered, 1);
    }
    assert.is(watcher.heard(), '');
    await streams.advance(5_001);
    assert.is(client.heard(), '');
    const told = watcher.heard();
    assert.match(told, '"type":"io.nats.jetstream.advisory.v1.max_deliver"');
    assert.match(told, '"stream":"S","consumer":"C","stream_seq":1,"deliveries":5}');
    assert.is((await streams.info()).num_ack_pending, 0);
    await streams.advance(60_000);
    assert.is(watcher.heard(), '');
  }));

for (const [how, take] of [
  ['deleted', (streams: ClockedStreams) => streams.ask('STREAM.MSG.DELETE.S', { seq: 2 })],
  ['purged', (streams: ClockedStreams) => streams.ask('STREAM.PURGE.S', { seq: 3 })],
] as const) {
  test(`a message that was given up counts as sent again until it is ${how}`, () =>
    clocked(async (streams) => {
      const client = await stored(streams, 4, { ack_wait: 1e9, max_deliver: 2 });
      for (let round = 0; round < 2; round++) {
        await client.pull({ batch: 2, expires: 500e6 });
        await streams.advance(1_000);
      }
      // The last one waits, so that not everything is forgotten.
      await client.pull({ batch: 1, expires: 500e6 });
      await streams.advance(1_000);
      const { num_redelivered: before, num_ack_pending: waiting } = await streams.info();
      assert.equal([before, waiting], [2, 1]);
      await take(streams);
      const { num_redelivered: after } = await streams.info();
      assert.is(after, how === 'deleted' ? 1 : 0);
    }));
}

test('what many messages wait for is told apart to the millisecond', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 6, { ack_wait: 10e9, max_ack_pending: 100 });
    for (let at = 0; at < 6; at++) {
      await client.pull('1');
      await streams.advance(100);
    }
    client.heard();
    const [, first, , third, , fifth] = [0, 1, 2, 3, 4, 5].map((at) => `$JS.ACK.S.C.1.${at}.${at}.${START}000000.0`);
    await client.publish(first!, '+ACK');
    await client.publish(third!, '-NAK {"delay": 2000000000}');
    await client.publish(fifth!, '+WPI');
    await client.pull('10');
    const again = async (milliseconds: number): Promise<string> => {
      await streams.advance(milliseconds);
      return [...client.heard().matchAll(/ACK\.S\.C\.2\.(\d)\./g)].map(([, seq]) => seq).join();
    };
    // At 600 ms the third has 2 s to go, the fifth 10 s anew; the others 10 s since they were sent.
    assert.is(await again(1_998), '');
    assert.is(await again(4), '3');
    assert.is(await again(7_496), '');
    assert.is(await again(4), '2');
    assert.is(await again(202), '4');
    assert.is(await again(300), '6,5');
  }));

test('an ephemeral pull consumer goes when nobody asked for long enough, and not while somebody waits', () =>
  clocked(async (streams) => {
    await streams.stream();
    const config = { name: 'C', ack_policy: 'none', inactive_threshold: 2e9 };
    const create = (): Promise<unknown> => streams.ask('CONSUMER.CREATE.S.C', { stream_name: 'S', config });
    const isThere = async (): Promise<boolean> => (await streams.ask('CONSUMER.NAMES.S')).consumers.length === 1;
    const client = await streams.client('in');
    await create();
    await client.pull({ batch: 1, expires: 30e9 });
    await streams.advance(29_000);
    assert.is(await isThere(), true);
    await streams.advance(1_001);
    assert.is(client.heard(), status('408 Request Timeout', left(1, 0)));
    await streams.advance(1_900);
    assert.is(await isThere(), true);
    await streams.advance(1_200);
    assert.is(await isThere(), false);
  }));

test('how long acknowledgements took is told of as many as was asked for', () =>
  clocked(async (streams) => {
    const client = await stored(streams, 3, { sample_freq: '100%' });
    const watcher = await streams.client('$JS.EVENT.METRIC.CONSUMER.ACK.S.C');
    await client.pull('3');
    const acks = [...client.heard().matchAll(/\$JS\.ACK\.\S+/g)].map(([subject]) => subject);
    await streams.advance(1_500);
    await client.publish(acks[0]!, '+ACK');
    const told = watcher.heard();
    assert.match(told, '"type":"io.nats.jetstream.metric.v1.consumer_ack"');
    assert.match(told, '"stream_seq":1');
    assert.match(told, '"ack_time":1500000000');
    await client.publish(acks[1]!, '+TERM');
    assert.is(watcher.heard(), '');
    await streams.ask('CONSUMER.CREATE.S.C', {
      stream_name: 'S',
      config: { name: 'C', durable_name: 'C', ack_policy: 'explicit', sample_freq: '0' },
    });
    await client.publish(acks[2]!, '+ACK');
    assert.is(watcher.heard(), '');
  }));

test.run();
