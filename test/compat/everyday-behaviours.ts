/** What every user of NATS does every day. */
import * as assert from 'uvu/assert';
import { type Behaviour, rest, take, texts } from './stage.ts';

const MAX_PAYLOAD = 1_048_576;

export const EVERYDAY_BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'a published message reaches its subscriber, whatever is in it',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('greeting');
      const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
      connection.publish('greeting', 'hello\r\nworld');
      connection.publish('greeting');
      connection.publish('greeting', bytes);
      const [text, empty, binary] = await take(subscription, 3);
      assert.is(text!.string(), 'hello\r\nworld');
      assert.is(empty!.data.length, 0);
      assert.equal([...binary!.data], [...bytes]);
    },
  },
  {
    name: 'wildcards match one token or all that follow',
    async run(stage) {
      const connection = await stage.connect();
      const one = connection.subscribe('orders.*.new');
      const all = connection.subscribe('orders.>');
      for (const subject of ['orders.eu.new', 'orders.us.old', 'orders', 'orders.eu.north.new', 'orders.us.new']) {
        connection.publish(subject, subject);
      }
      await connection.drain();
      assert.equal(await rest(one), ['orders.eu.new', 'orders.us.new']);
      assert.equal(await rest(all), ['orders.eu.new', 'orders.us.old', 'orders.eu.north.new', 'orders.us.new']);
    },
  },
  {
    name: 'ten thousand messages arrive at another connection in the order in which they were sent',
    async run(stage) {
      const [sender, receiver] = [await stage.connect(), await stage.connect()];
      const subscription = receiver.subscribe('count', { max: 10_000 });
      await receiver.flush();
      for (let number = 0; number < 10_000; number++) sender.publish('count', String(number));
      const received = await rest(subscription);
      assert.is(received.length, 10_000);
      assert.ok(received.every((text, index) => text === String(index)));
    },
  },
  {
    name: 'a subscription with a maximum ends after that many messages',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('some', { max: 2 });
      for (const text of ['one', 'two', 'three']) connection.publish('some', text);
      assert.equal(await rest(subscription), ['one', 'two']);
    },
  },
  {
    name: 'what was unsubscribed gets no more messages',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('news');
      connection.publish('news', 'before');
      assert.equal(await texts(subscription, 1), ['before']);
      subscription.unsubscribe();
      const other = connection.subscribe('news');
      connection.publish('news', 'after');
      assert.equal(await texts(other, 1), ['after']);
      assert.is(subscription.getReceived(), 1);
    },
  },
  {
    name: 'a connection without echo does not hear itself',
    async run(stage) {
      const [quiet, other] = [await stage.connect({ noEcho: true }), await stage.connect()];
      const subscription = quiet.subscribe('talk');
      await quiet.flush();
      quiet.publish('talk', 'mine');
      await quiet.flush();
      other.publish('talk', 'theirs');
      assert.equal(await texts(subscription, 1), ['theirs']);
    },
  },
  {
    name: 'headers travel with their values, in order and in their own case',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('with.headers');
      const headers = stage.client.headers();
      headers.append('Trace-Id', '7');
      headers.append('Trace-Id', 'seven: 7');
      headers.append('X-Empty', '');
      connection.publish('with.headers', 'body', { headers });
      const [message] = await take(subscription, 1);
      assert.is(message!.string(), 'body');
      assert.equal(message!.headers?.values('Trace-Id'), ['7', 'seven: 7']);
      assert.is(message!.headers?.get('X-Empty'), '');
    },
  },
  {
    name: 'each message reaches one member of every queue group',
    async run(stage) {
      const [worker, other, sender] = [await stage.connect(), await stage.connect(), await stage.connect()];
      const group = [worker, other].map((member) => member.subscribe('work', { queue: 'workers' }));
      const audit = other.subscribe('work', { queue: 'audit' });
      await Promise.all([worker.flush(), other.flush()]);
      for (let job = 0; job < 200; job++) sender.publish('work', String(job));
      await sender.flush();
      await Promise.all([worker.drain(), other.drain()]);
      const shares = await Promise.all(group.map((member) => rest(member)));
      assert.is((await rest(audit)).length, 200);
      assert.is(new Set(shares.flat()).size, 200);
      assert.ok(
        shares.every((share) => share.length > 20),
        `${shares.map((share) => share.length)}`,
      );
    },
  },
  {
    name: 'what the broker says of itself is there to read',
    async run(stage) {
      const connection = await stage.connect({ name: 'reader' });
      assert.is(connection.info?.max_payload, MAX_PAYLOAD);
      assert.is(connection.info?.headers, true);
      assert.match(connection.info!.server_id, /^N[A-Z2-7]{55}$/);
    },
  },
  {
    name: 'flush waits for the broker, and rtt says how long that takes',
    async run(stage) {
      const connection = await stage.connect();
      await connection.flush();
      assert.ok((await connection.rtt()) >= 0);
    },
  },
  {
    name: 'a message as large as allowed arrives whole, and a larger one is refused',
    async run(stage) {
      const connection = await stage.connect();
      const subscription = connection.subscribe('large');
      const largest = Buffer.alloc(MAX_PAYLOAD, 'gnatlet.');
      connection.publish('large', largest);
      const [message] = await take(subscription, 1);
      assert.ok(largest.equals(message!.data));
      assert.throws(() => connection.publish('large', Buffer.alloc(MAX_PAYLOAD + 1)), /max_?payload/i);
      await connection.flush();
    },
  },
  {
    name: 'a verbose and pedantic connection works like any other',
    async run(stage) {
      const connection = await stage.connect({ verbose: true, pedantic: true });
      const subscription = connection.subscribe('chatty');
      connection.publish('chatty', 'x');
      assert.equal(await texts(subscription, 1), ['x']);
    },
  },
];
