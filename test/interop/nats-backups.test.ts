/** Genuine servers of any version: their backups are taken in here, and backups of here are taken in there. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backUp, restore } from '../plugins/jetstream/backup.ts';
import { bucketsOf, fillStreams, STREAMS, toldOf } from '../plugins/jetstream/stored-streams.ts';
import { withFiles } from '../plugins/jetstream/streaming-broker.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';
import { onGenuine, Place, settled, type Told, tellAll } from './genuine-files.ts';

const genuine = genuineTargets();
if (genuine.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

const CREATED = '"type":"io.nats.jetstream.api.v1.stream_create_response","config":';
const minorOf = (version: string): number => Number(version.split('.')[1]);

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

  // In a stream that was emptied 2.9 finds no first sequence, and of one that nothing was ever in it tells other times.
  const streams = STREAMS.filter((stream) => minorOf(version) >= 10 || (stream !== 'EMPTIED' && stream !== 'FRESH'));
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
      for (const [stream, found] of Object.entries(told)) {
        assert.equal(settled({ [stream]: found }), settled({ [stream]: expected[stream]! }), stream);
      }
      await there.close();
      await server.quit();
    });
  });
}

test.run();
