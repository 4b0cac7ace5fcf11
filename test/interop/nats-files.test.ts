/** Genuine servers of any version: their backups and files are taken in here, and backups of here are taken in there. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import { type GenuineServer, startGenuine } from '../kits/genuine-server.ts';
import { backUp, restore } from '../plugins/jetstream/backup.ts';
import { bucketsOf, fillStreams, STREAMS, type ToldStream, toldOf } from '../plugins/jetstream/stored-streams.ts';
import { withFiles } from '../plugins/jetstream/streaming-broker.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const genuine = genuineTargets();
if (genuine.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

const CREATED = '"type":"io.nats.jetstream.api.v1.stream_create_response","config":';
const minorOf = (version: string): number => Number(version.split('.')[1]);

class Place {
  readonly path = mkdtempSync(join(tmpdir(), 'gnatlet-files-'));

  folder(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A genuine server on a directory, and a client on it; the play ends the server. */
async function onGenuine(
  program: string,
  directory: string,
  play: (client: NatsConnection, server: GenuineServer) => Promise<void>,
): Promise<void> {
  const server = await startGenuine(program, `jetstream { store_dir: ${JSON.stringify(directory)} }`);
  const client = await connect({ servers: `127.0.0.1:${server.port}` });
  await play(client, server);
}

type Told = Record<string, ToldStream>;

async function tellAll(client: NatsConnection, streams: readonly string[] = STREAMS): Promise<Told> {
  const told: Told = {};
  for (const stream of streams) told[stream] = await toldOf(client, stream);
  return told;
}

/** Without what a client that looks into a bucket leaves for a while. */
function settled(told: Told): object {
  return Object.entries(told).map(([name, { consumers, state, ...rest }]) => ({
    ...rest,
    name,
    state: { ...state, consumer_count: 0 },
    consumers: name === 'ORDERS' || name === 'WORK' ? consumers : {},
  }));
}

/** More than one block, and where the server compresses, compressed ones. */
async function fillBulk(client: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: 'BULK', subjects: ['bulk.>'], compression: StoreCompression.S2 });
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
  test(`${name}: its backups are taken in here as they were`, async () => {
    using place = new Place();
    await onGenuine(program!, place.folder('there'), (there, server) =>
      withFiles(async ({ client: here }) => {
        await fillStreams(there);
        for (const stream of STREAMS) {
          assert.match(await restore(here, stream, await backUp(there, stream, 128 * 1024)), CREATED, stream);
          const [told, expected] = [await toldOf(here, stream), await toldOf(there, stream)];
          // Since 2.15 a backup does not say when a stream was made.
          const created = minorOf(version) < 15 ? told.created : expected.created;
          assert.equal({ ...told, created }, expected, stream);
        }
        assert.equal(await bucketsOf(here), await bucketsOf(there));
        await there.close();
        await server.quit();
      }),
    );
  });

  // In a stream that was emptied 2.9 finds no first sequence.
  const streams = STREAMS.filter((stream) => minorOf(version) >= 10 || stream !== 'EMPTIED');
  test(`${name}: backups that are sent away as files are taken in there as they were, also after a restart`, async () => {
    using place = new Place();
    const expected: Told = {};
    await onGenuine(program!, place.folder('there'), (there, server) =>
      withFiles(
        async ({ client: here }) => {
          await fillStreams(here);
          for (const stream of streams) {
            expected[stream] = await toldOf(here, stream);
            assert.match(await restore(there, stream, await backUp(here, stream, 128 * 1024)), CREATED, stream);
            assert.equal(await toldOf(there, stream), expected[stream], stream);
          }
          assert.equal(await bucketsOf(there), await bucketsOf(here));
          await there.close();
          await server.quit();
        },
        { jetstream: { backup_format: 'v1' } },
      ),
    );
    await onGenuine(program!, place.folder('there'), async (there, server) => {
      const told = await tellAll(there, streams);
      // 2.9 begins to count at 1 where nothing ever was.
      if (minorOf(version) < 10) delete told.FRESH;
      for (const [stream, found] of Object.entries(told)) {
        assert.equal(settled({ [stream]: found }), settled({ [stream]: expected[stream]! }), stream);
      }
      await there.close();
      await server.quit();
    });
  });

  for (const isKilled of [false, true]) {
    const end = isKilled ? 'was killed' : 'ended in order';
    test(`${name}: what it kept when it ${end} is taken over: 11,000 orders, work half done, buckets, compressed blocks`, async () => {
      using place = new Place();
      const from = place.folder('from');
      const all = [...STREAMS, 'BULK'];
      await onGenuine(program!, from, async (client, server) => {
        await fillStreams(client, 110);
        await fillBulk(client);
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
      for (const stream of all.filter((one) => one !== 'FRESH')) {
        assert.equal(settled({ [stream]: told[stream]! }), settled({ [stream]: expected[stream]! }), stream);
      }
      assert.equal(await bucketsOf(client), buckets);
      await client.close();
    });
  }
}

test.run();
