/** Streams of all kinds, made by the official clients on whatever server, and all that a server tells of them. */
import { createHash } from 'node:crypto';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { headers, type NatsConnection } from '@nats-io/transport-node';

export const STREAMS = ['EMPTIED', 'FRESH', 'KV_K', 'LIMITED', 'OBJ_O', 'ORDERS', 'WORK'] as const;

interface Filling {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** `scale`: how many messages, in hundreds. */
export async function fillStreams(client: NatsConnection, scale = 1): Promise<void> {
  const filling = { js: jetstream(client), manager: await jetstreamManager(client) };
  await fillOrders(filling, 100 * scale);
  await fillWork(filling, 20 * scale);
  await fillSmall(filling);
  await fillBuckets(client);
}

async function publishAll(count: number, publish: (at: number) => Promise<unknown>): Promise<void> {
  for (let at = 1; at <= count; at += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - at + 1) }, (_, step) => publish(at + step)));
  }
}

async function fillOrders({ js, manager }: Filling, count: number): Promise<void> {
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
  const fields = headers();
  fields.append('Colour', 'red');
  fields.append('Colour', 'blue');
  await publishAll(count, (at) =>
    js.publish(`orders.${at % 7}.${at % 3}`, `order ${at} `.repeat(at % 40), at % 5 === 0 ? { headers: fields } : {}),
  );
  for (const seq of [1, 2, 17, 18, 19, 41, count]) await manager.streams.deleteMessage('ORDERS', seq, seq % 2 === 0);
  await manager.consumers.add('ORDERS', {
    durable_name: 'HALF',
    ack_policy: AckPolicy.Explicit,
    filter_subject: 'orders.*.1',
  });
  await take(js, 'ORDERS', 'HALF', 12, (at) => at % 3 !== 0);
  await manager.consumers.add('ORDERS', { durable_name: 'NEW', deliver_policy: DeliverPolicy.New });
  await manager.consumers.add('ORDERS', { durable_name: 'ALL', ack_policy: AckPolicy.All });
  await take(js, 'ORDERS', 'ALL', 9, (at) => at === 6);
}

async function fillWork({ js, manager }: Filling, count: number): Promise<void> {
  await manager.streams.add({ name: 'WORK', subjects: ['work'], retention: RetentionPolicy.Workqueue });
  await publishAll(count, (at) => js.publish('work', `task ${at}`));
  await manager.consumers.add('WORK', { durable_name: 'W', ack_policy: AckPolicy.Explicit });
  await take(js, 'WORK', 'W', count / 2, (at) => at % 4 !== 0);
}

async function take(
  js: JetStreamClient,
  stream: string,
  consumer: string,
  count: number,
  acks: (at: number) => boolean,
): Promise<void> {
  let at = 0;
  const taken = await (await js.consumers.get(stream, consumer)).fetch({ max_messages: count, expires: 20_000 });
  for await (const message of taken) if (acks(++at)) await message.ackAck();
}

async function fillSmall({ js, manager }: Filling): Promise<void> {
  await manager.streams.add({ name: 'EMPTIED', subjects: ['emptied'] });
  for (let count = 0; count < 5; count++) await js.publish('emptied', 'x');
  await manager.streams.purge('EMPTIED');
  await manager.streams.add({ name: 'FRESH', subjects: ['fresh'] });
  await manager.streams.add({ name: 'LIMITED', subjects: ['limited.>'], max_msgs: 5, discard: DiscardPolicy.Old });
  for (let at = 1; at <= 12; at++) await js.publish(`limited.${at % 2}`, `${at}`);
}

export const OBJECT = Buffer.alloc(3000, 'object ');

async function fillBuckets(client: NatsConnection): Promise<void> {
  const bucket = await new Kvm(jetstream(client)).create('K', { history: 3 });
  for (const key of ['a', 'b', 'c.d']) for (let at = 1; at <= 5; at++) await bucket.put(key, `${key}${at}`);
  await bucket.delete('b');
  await bucket.purge('c.d');
  const store = await new Objm(jetstream(client)).create('O');
  await store.putBlob({ name: 'thing', options: { max_chunk_size: 1024 } }, OBJECT);
}

/** What the official clients find in the buckets. */
export async function bucketsOf(client: NatsConnection): Promise<object> {
  const bucket = await new Kvm(jetstream(client)).open('K');
  const store = await new Objm(jetstream(client)).open('O');
  const told: string[] = [];
  for (const key of ['a', 'b', 'c.d']) {
    for await (const { operation, revision, value } of await bucket.history({ key })) {
      told.push(`${key} ${revision} ${operation} ${Buffer.from(value)}`);
    }
  }
  const object = await store.getBlob('thing');
  return { told, isSame: object !== null && OBJECT.equals(object) };
}

export interface ToldStream {
  readonly config: Readonly<Record<string, unknown>>;
  readonly created: string;
  readonly state: Readonly<Record<string, unknown>>;
  readonly deleted: readonly number[];
  /** Sequences, and one digest of all that is told of each message. */
  readonly sequences: number;
  readonly digest: string;
  readonly consumers: Readonly<Record<string, readonly number[]>>;
}

interface Info {
  readonly config: Record<string, unknown>;
  readonly created: string;
  readonly state: Record<string, unknown> & {
    deleted?: number[];
    num_deleted?: number;
    first_seq: number;
    last_seq: number;
  };
}

/** What a server tells of a stream, but what each server says of itself. */
export async function toldOf(client: NatsConnection, stream: string): Promise<ToldStream> {
  const info = (await client.request(`$JS.API.STREAM.INFO.${stream}`, '{"deleted_details":true}')).json<Info>();
  const { deleted: gaps = [], num_deleted: _, ...state } = info.state;
  // Of a stream that nothing was ever in, 2.10 says that the sequence 0 was removed.
  const deleted = gaps.filter((seq) => seq > 0);
  const digest = createHash('sha256');
  let sequences = 0;
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
    const answer = await client.request(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq }));
    const { message } = answer.json<{ message?: Record<string, unknown> }>();
    if (message === undefined) continue;
    sequences++;
    digest.update(JSON.stringify([message.seq, message.subject, message.data ?? '', message.hdrs ?? '', message.time]));
  }
  const { name, subjects, retention, max_msgs, max_msgs_per_subject, discard } = info.config;
  const config = { name, subjects, retention, max_msgs, max_msgs_per_subject, discard };
  const consumers = await consumersOf(client, stream);
  return { config, created: info.created, state, deleted, sequences, digest: digest.digest('hex'), consumers };
}

async function consumersOf(client: NatsConnection, stream: string): Promise<Record<string, number[]>> {
  const told: Record<string, number[]> = {};
  const manager = await jetstreamManager(client);
  for await (const { name, delivered, ack_floor, ...info } of manager.consumers.list(stream)) {
    const places = [delivered.consumer_seq, delivered.stream_seq, ack_floor.consumer_seq, ack_floor.stream_seq];
    told[name] = [...places, info.num_ack_pending, info.num_pending, info.num_redelivered];
  }
  return told;
}
