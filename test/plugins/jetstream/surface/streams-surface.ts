/** Every call of the official client that is about streams and their messages. */
import {
  type DirectStreamAPI,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
  type StreamAPI,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { gathered, offered, Telling, watched } from './telling.ts';

export async function streamsSurface(client: NatsConnection, missing: string[]): Promise<string[]> {
  const say = new Telling();
  const manager = await jetstreamManager(client);
  const called = new Set<string>();
  const streams = watched(manager.streams, called);
  await making(say, streams);
  await publishing(say, watched(jetstream(client), called));
  await reading(say, streams);
  await directly(say, watched(manager.direct, called));
  await removing(say, streams);
  await say.ask('account', manager.getAccountInfo(), ({ streams: count, consumers }) => [count, consumers]);
  const internal = ['checkStreamConfigVersions', 'minStreamApi', 'requiredApiOpts', 'get'];
  missing.push(...offered(manager.streams, internal).filter((name) => !called.has(name)));
  missing.push(...offered(manager.direct, ['get']).filter((name) => !called.has(name)));
  return say.lines;
}

async function making(say: Telling, streams: StreamAPI): Promise<void> {
  const limits = { max_msgs_per_subject: 10, allow_direct: true, allow_rollup_hdrs: true, allow_msg_ttl: true };
  const more = { allow_atomic: true, allow_batched: true, metadata: { a: 'b' } };
  await say.ask('add', streams.add({ name: 'A', subjects: ['a.>'], ...limits, ...more } as never));
  await say.ask('add again', streams.add({ name: 'A', subjects: ['a.>'], ...limits, ...more } as never));
  await say.ask('add another of the name', streams.add({ name: 'A', subjects: ['b'] }));
  await say.ask('add over it', streams.add({ name: 'B', subjects: ['a.b'] }));
  await say.ask('update', streams.update('A', { description: 'told' }));
  await say.ask('update what can not be', streams.update('A', { storage: 'memory' } as never));
  await say.ask('info', streams.info('A', { subjects_filter: '>' }));
  await say.ask('info of none', streams.info('NONE'));
  await say.ask('find', streams.find('a.b'));
  await say.ask('find none', streams.find('nowhere'));
  await say.ask(
    'names',
    gathered(streams.names(), 9, (name) => name),
  );
  await say.ask(
    'names for a subject',
    gathered(streams.names('a.*'), 9, (name) => name),
  );
  await say.ask(
    'list',
    gathered(streams.list(), 9, ({ config }) => config.name),
  );
}

async function publishing(say: Telling, js: JetStreamClient): Promise<void> {
  await say.ask('publish', js.publish('a.1', 'one', { msgID: 'id1' }));
  await say.ask('publish again', js.publish('a.1', 'one', { msgID: 'id1' }));
  for (const expect of [
    { lastSequence: 1 },
    { lastSequence: 99 },
    { lastSubjectSequence: 1 },
    { lastMsgID: 'id1' },
    { streamName: 'A' },
    { streamName: 'B' },
    { lastSubjectSequence: 0, lastSubjectSequenceSubject: 'a.*' },
  ]) {
    await say.ask(`publish ${JSON.stringify(expect)}`, js.publish('a.1', 'x', { expect }));
  }
  await say.ask('publish with a time', js.publish('a.ttl', 'x', { ttl: '1h' }));
  const fields = headers();
  fields.set('Nats-Rollup', 'sub');
  await say.ask('publish over all', js.publish('a.1', 'rolled', { headers: fields }));
  const batch = await say.ask('begin a batch', js.startBatch('a.2', 'first'), () => 'begun');
  if (batch !== null) {
    await batch.add('a.3', 'second');
    await say.ask('end the batch', batch.commit('a.2', 'third'), ({ stream, seq, count }) => [stream, seq, count]);
  }
}

async function reading(say: Telling, streams: StreamAPI): Promise<void> {
  for (const request of [{ seq: 1 }, { last_by_subj: 'a.*' }, { seq: 1, next_by_subj: 'a.3' }, { seq: 999 }]) {
    await say.ask(`get ${JSON.stringify(request)}`, streams.getMessage('A', request as never), (found) => [
      found?.seq,
      found?.subject,
      found?.string(),
    ]);
  }
  const stream = await (
    streams as unknown as { get(name: string): Promise<{ getMessage: StreamAPI['getMessage'] }> }
  ).get('A');
  await say.ask('the stream itself', Promise.resolve(stream), () => 'there');
}

async function directly(say: Telling, direct: DirectStreamAPI): Promise<void> {
  for (const request of [{ seq: 4 }, { last_by_subj: 'a.1' }, { seq: 2, next_by_subj: 'a.>' }, { seq: 999 }]) {
    await say.ask(`direct ${JSON.stringify(request)}`, direct.getMessage('A', request as never), (found) => [
      found?.seq,
      found?.subject,
      found?.string(),
    ]);
  }
  const several = async (): Promise<unknown> =>
    gathered(await direct.getBatch('A', { seq: 1, batch: 4 }), 9, ({ seq, subject }) => `${seq} ${subject}`);
  await say.ask('several at once', several());
  const last = async (): Promise<unknown> =>
    gathered(
      await direct.getLastMessagesFor('A', { multi_last: ['a.*'] }),
      9,
      ({ seq, subject }) => `${seq} ${subject}`,
    );
  await say.ask('the last of each', last());
}

async function removing(say: Telling, streams: StreamAPI): Promise<void> {
  await say.ask('delete a message', streams.deleteMessage('A', 6));
  await say.ask('delete another', streams.deleteMessage('A', 7, false));
  await say.ask('info with gaps', streams.info('A', { deleted_details: true }), ({ state }) => state);
  await say.ask('purge but one', streams.purge('A', { keep: 5 }));
  await say.ask('purge a subject', streams.purge('A', { filter: 'a.2' }));
  await say.ask('purge below', streams.purge('A', { seq: 6 }));
  await say.ask('purge', streams.purge('A'));
  await say.ask('info after', streams.info('A'), ({ state }) => state);
  await say.ask('delete', streams.delete('A'));
  await say.ask('delete again', streams.delete('A'));
}
