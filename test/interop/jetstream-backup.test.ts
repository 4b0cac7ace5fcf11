/** What a genuine server sends away is taken in here, and what is sent away here is taken in there. */
import type { NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backUp, restore } from '../plugins/jetstream/backup.ts';
import { withStreams } from '../plugins/jetstream/streaming-broker.ts';
import { genuineOrSkip, Side } from './side.ts';

const genuine = genuineOrSkip();

async function withGenuine(play: (client: NatsConnection) => Promise<void>): Promise<void> {
  await using side = await Side.start(genuine);
  await side.with(play);
}

async function fill(client: NatsConnection): Promise<void> {
  const config = { name: 'A', subjects: ['a.>'], storage: 'memory' };
  await client.request('$JS.API.STREAM.CREATE.A', JSON.stringify(config));
  for (let count = 1; count <= 40; count++) await client.request(`a.${count}`, String(Math.sin(count)).repeat(5));
  await client.request('$JS.API.STREAM.MSG.DELETE.A', '{"seq":4}');
  const consumer = { stream_name: 'A', config: { durable_name: 'C', ack_policy: 'explicit' } };
  await client.request('$JS.API.CONSUMER.CREATE.A.C', JSON.stringify(consumer));
}

/** The parts of a state that travel with the messages. */
async function stateOf(client: NatsConnection): Promise<string> {
  const answer = await client.request('$JS.API.STREAM.INFO.A', '{"deleted_details":true}');
  return /"state":(\{.*?"consumer_count":\d+\})/.exec(answer.string())![1]!;
}

for (const [name, from, to] of [
  ['there', 'here', 'there'],
  ['here', 'there', 'here'],
] as const) {
  test(`a stream that was sent away ${from} is taken in ${to} as it was, ${name} under the same sequences`, () =>
    withGenuine((there) =>
      withStreams(async ({ client: here }) => {
        const [source, target] = from === 'here' ? [here, there] : [there, here];
        await fill(source);
        const backup = await backUp(source, 'A');
        const answer = await restore(target, 'A', backup);
        assert.match(answer, '"type":"io.nats.jetstream.api.v1.stream_create_response","config":');
        assert.is(await stateOf(target), await stateOf(source));
        const get = '{"seq":33}';
        const [one, other] = [source, target].map((client) => client.request('$JS.API.STREAM.MSG.GET.A', get));
        assert.is((await one!).string(), (await other!).string());
      }),
    ));
}

for (const storage of ['memory', 'file']) {
  test(`a stream without messages, kept in ${storage}, begins at the same sequence once it was taken in, here and there`, () =>
    withGenuine((there) =>
      withStreams(async ({ client: here }) => {
        const config = JSON.stringify({ name: 'A', subjects: ['a.>'], storage });
        await here.request('$JS.API.STREAM.CREATE.A', config);
        const backup = await backUp(here, 'A');
        await here.request('$JS.API.STREAM.DELETE.A');
        for (const client of [here, there]) await restore(client, 'A', backup);
        assert.is(await stateOf(here), await stateOf(there));
        assert.match(await stateOf(here), '"first_seq":1,');
        for (const client of [here, there]) await client.request('a.1', 'x');
        assert.is(withoutTimes(await stateOf(here)), withoutTimes(await stateOf(there)));
      }),
    ));
}

function withoutTimes(state: string): string {
  return state.replace(/"(first|last)_ts":"[^"]+"/g, '"$1_ts":""');
}

test.run();
