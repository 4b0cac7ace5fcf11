/** Sequences end before numbers are no longer exact: what would need more is refused, and the broker goes on. */
import { AckPolicy, DeliverPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SEQUENCE_MAX } from '../../../plugins/jetstream/stream/sequence-limit.ts';
import { withStreams } from './streaming-broker.ts';

interface Answer {
  readonly seq?: number;
  readonly purged?: number;
  readonly error?: { readonly err_code: number; readonly description: string };
}

async function asked(client: NatsConnection, subject: string, body: object | string = ''): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { seq, purged, error } = (await client.request(subject, text)).json<Answer>();
  return error === undefined ? String(seq ?? purged) : `${error.err_code} ${error.description}`;
}

for (const storage of [StorageType.Memory, StorageType.File]) {
  for (const retention of ['limits', 'interest'] as const) {
    test(`in ${storage} under ${retention}, the last sequence is given out, and none beyond it`, () =>
      withStreams(async ({ client, manager }) => {
        const first = { first_seq: SEQUENCE_MAX - 1 };
        await manager.streams.add({ name: 'S', subjects: ['s'], storage, retention, ...first } as never);
        assert.is(await asked(client, 's'), String(SEQUENCE_MAX - 1));
        assert.is(await asked(client, 's'), String(SEQUENCE_MAX));
        for (let again = 0; again < 3; again++) {
          assert.is(await asked(client, 's'), `10077 sequences end at ${SEQUENCE_MAX}`);
        }
        assert.is((await manager.streams.info('S')).state.last_seq, SEQUENCE_MAX);
      }));
  }
}

test('a stream that would begin beyond the last sequence is refused, one that begins there is made', () =>
  withStreams(async ({ client }) => {
    const from = (first_seq: number): Promise<string> =>
      asked(client, '$JS.API.STREAM.CREATE.S', { name: 'S', subjects: ['s'], first_seq });
    const refusal = `10052 this server does not serve streams with sequences beyond ${SEQUENCE_MAX}`;
    assert.is(await from(SEQUENCE_MAX + 1), refusal);
    assert.is(await from(SEQUENCE_MAX), 'undefined');
  }));

test('a purge moves a stream to the last sequence, and not beyond it', () =>
  withStreams(async ({ client, manager }) => {
    await manager.streams.add({ name: 'S', subjects: ['s'], storage: StorageType.Memory });
    const purge = (request: object): Promise<string> => asked(client, '$JS.API.STREAM.PURGE.S', request);
    await client.request('s', 'x');
    assert.is(await purge({ seq: SEQUENCE_MAX + 1 }), `10110 sequences end at ${SEQUENCE_MAX}`);
    assert.is(await purge({ seq: SEQUENCE_MAX + 1, filter: 'none' }), '0');
    assert.is(await purge({ seq: SEQUENCE_MAX }), '1');
    assert.is(await asked(client, 's'), String(SEQUENCE_MAX));
    assert.is(await asked(client, 's'), `10077 sequences end at ${SEQUENCE_MAX}`);
  }));

test('a consumer that is to begin beyond all sequences waits behind the last, where clients can read it', () =>
  withStreams(async ({ client, manager }) => {
    await manager.streams.add({ name: 'S', subjects: ['s'], storage: StorageType.Memory });
    const config = { name: 'C', ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.StartSequence };
    const body = JSON.stringify({ stream_name: 'S', config: { ...config, opt_start_seq: 0 } });
    const request = body.replace('"opt_start_seq":0', '"opt_start_seq":18446744073709551615');
    const answer = (await client.request('$JS.API.CONSUMER.CREATE.S.C', request)).string();
    assert.match(answer, `"stream_seq":${SEQUENCE_MAX}`);
    assert.is((await manager.consumers.info('S', 'C')).num_pending, 0);
  }));

test.run();
