/** What genuine servers of any version kept is taken over, and is what these servers find in it themselves. */
import { cpSync } from 'node:fs';
import { jetstream, jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
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

async function imported(from: string, into: string): Promise<string> {
  let out = '';
  const code = await store(['import', from, '--into', into], {}, async (text) => {
    out += text;
  });
  assert.is(code, 0, out);
  return out;
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

test.run();
