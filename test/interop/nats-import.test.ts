/** What genuine servers of any version kept is taken over, and is what these servers find in it themselves. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import type { GenuineServer } from '../kits/genuine-server.ts';
import { bucketsOf, fillStreams, STREAMS } from '../plugins/jetstream/stored-streams.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';
import { onGenuine, Place, settled, type Told, tellAll } from './genuine-files.ts';

const genuine = genuineTargets();
if (genuine.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

const minorOf = (version: string): number => Number(version.split('.')[1]);

/** More than one block, and where the server compresses, compressed ones. */
async function fillBulk(client: NatsConnection, isCompressed: boolean): Promise<void> {
  const manager = await jetstreamManager(client);
  const compression = isCompressed ? { compression: StoreCompression.S2 } : {};
  await manager.streams.add({ name: 'BULK', subjects: ['bulk.>'], ...compression });
  const js = jetstream(client);
  for (let at = 1; at <= 3000; at += 50) {
    const some = Array.from({ length: 50 }, (_, step) =>
      js.publish(`bulk.${(at + step) % 9}`, `${at + step} `.repeat(1000)),
    );
    await Promise.all(some);
  }
  // Not erased: where a block is compressed, 2.10 writes over something else then.
  for (let seq = 100; seq < 2900; seq += 97) await manager.streams.deleteMessage('BULK', seq, false);
}

async function imported(from: string, into: string, expected = 0): Promise<string> {
  let out = '';
  const code = await store(['import', from, '--into', into], {}, async (text) => {
    out += text;
  });
  assert.is(code, expected, out);
  return out;
}

const ACCOUNTS = `accounts {
  A { users: [{ user: a, password: a }], jetstream: enabled }
  B { users: [{ user: b, password: b }], jetstream: enabled }
}
`;

const LOGINS = [
  { user: 'a', pass: 'a' },
  { user: 'b', pass: 'b' },
];

/** The same names in both accounts, and something of their own. */
async function fillAccount(client: NatsConnection, account: string): Promise<void> {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: 'S', subjects: ['s.>'] });
  await manager.streams.add({ name: account, subjects: [account] });
  await manager.consumers.add('S', { durable_name: account });
  for (let at = 1; at <= 5; at++) await jetstream(client).publish(`s.${at}`, `${account} ${at}`);
}

async function contentOf(client: NatsConnection): Promise<object> {
  const manager = await jetstreamManager(client);
  const content: Record<string, unknown> = {};
  for await (const { config, state } of manager.streams.list()) {
    const consumers = (await manager.consumers.list(config.name).next()).map(({ name }) => name);
    const last = state.messages === 0 ? '' : (await manager.streams.getMessage(config.name, { seq: 3 }))?.string();
    content[config.name] = [state.messages, state.last_seq, last, consumers];
  }
  return content;
}

for (const { name, version, program } of genuine) {
  for (const isKilled of [false, true]) {
    const end = isKilled ? 'was killed' : 'ended in order';
    test(`${name}: what it kept when it ${end} is taken over: orders, work half done, buckets, compressed blocks`, async () => {
      using place = new Place();
      const from = place.folder('from');
      const all = [...STREAMS, 'BULK'];
      await onGenuine(program!, from, async (client, server) => {
        await fillStreams(client, isKilled ? 10 : 110);
        await fillBulk(client, minorOf(version) >= 10);
        await client.close();
        await (isKilled ? server.stop() : server.quit());
      });
      // As that server finds it itself.
      cpSync(from, place.folder('copy'), { recursive: true });
      let [expected, buckets]: [Told, object] = [{}, {}];
      await onGenuine(program!, place.folder('copy'), async (client, server) => {
        expected = await tellAll(client, all);
        buckets = await bucketsOf(client);
        await client.close();
        await server.quit();
      });
      const out = await imported(from, place.folder('into'));
      assert.match(out, /: 8 streams taken from/);
      await using broker = await testBroker({ jetstream: { store_dir: place.folder('into') } });
      const client = await connect({ servers: broker.url! });
      const told = await tellAll(client, all);
      // A server before 2.10 begins to count at 1 where nothing ever was.
      const isKnown = !isKilled && minorOf(version) >= 10;
      for (const stream of all.filter((one) => one !== 'FRESH')) {
        assert.equal(
          settled({ [stream]: told[stream]! }, isKnown),
          settled({ [stream]: expected[stream]! }, isKnown),
          stream,
        );
      }
      assert.equal(await bucketsOf(client), buckets);
      await client.close();
    });
  }
}

for (const { name, program } of genuine) {
  test(`${name}: what it kept of several accounts is theirs afterwards, each its own`, async () => {
    using place = new Place();
    const from = place.folder('from');
    for (const login of LOGINS) {
      const fill = async (client: NatsConnection, server: GenuineServer): Promise<void> => {
        await fillAccount(client, login.user.toUpperCase());
        await client.close();
        await server.quit();
      };
      await onGenuine(program, from, fill, { more: ACCOUNTS, login });
    }
    assert.match(await imported(from, place.folder('into')), /: 4 streams taken from/);
    const account = (user: string) => ({ users: [{ user, password: user }], jetstream: 'enabled' });
    const accounts = { A: account('a'), B: account('b') };
    await using broker = await testBroker({ accounts, jetstream: { store_dir: place.folder('into') } });
    for (const { user, pass } of LOGINS) {
      const client = await connect({ servers: broker.url!, user, pass });
      const own = user.toUpperCase();
      assert.equal(await contentOf(client), { [own]: [0, 0, '', []], S: [5, 5, `${own} 3`, [own]] });
      await client.close();
    }
  });

  test(`${name}: what it kept under a key is left out, and it is said what to do; what is not is taken`, async () => {
    using place = new Place();
    const from = place.folder('from');
    const fill =
      (stream: string) =>
      async (client: NatsConnection, server: GenuineServer): Promise<void> => {
        await (await jetstreamManager(client)).streams.add({ name: stream, subjects: [stream] });
        for (let at = 1; at <= 5; at++) await jetstream(client).publish(stream, `secret ${at}`);
        await client.close();
        await server.quit();
      };
    await onGenuine(program, from, fill('PLAIN'));
    const [under, whole] = [place.folder('under'), place.folder('into')];
    for (const cipher of ['chacha', 'aes']) {
      await onGenuine(program, `${under}-${cipher}`, fill('SEALED'), { block: { key: 'a key of theirs', cipher } });
      cpSync(join(`${under}-${cipher}`, 'jetstream', '$G'), join(from, 'jetstream', cipher), { recursive: true });
    }
    const out = await imported(from, whole, 2);
    for (const account of ['aes', 'chacha']) {
      assert.match(
        out,
        new RegExp(`${account} > SEALED.*it is encrypted: start that nats-server with its key once more`),
      );
    }
    await using broker = await testBroker({ jetstream: { store_dir: whole } });
    const client = await connect({ servers: broker.url! });
    assert.equal(await contentOf(client), { PLAIN: [5, 5, 'secret 3', []] });
    await client.close();
  });
}

test.run();
