/** Every call of the official client that is about consumers and what they deliver. */
import {
  AckPolicy,
  type ConsumerAPI,
  type JetStreamClient,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { gathered, offered, Telling, watched } from './telling.ts';

const SECOND = 1_000_000_000;

export async function consumersSurface(client: NatsConnection, missing: string[]): Promise<string[]> {
  const say = new Telling();
  const manager = await jetstreamManager(client);
  const js = jetstream(client);
  await manager.streams.add({ name: 'A', subjects: ['a.>'] });
  for (let count = 1; count <= 12; count++) await js.publish(`a.${count % 3}`, `m${count}`);
  const called = new Set<string>();
  await managing(say, watched(manager.consumers, called));
  await pulling(say, js);
  await acknowledging(say, js);
  await pushing(say, js, manager.consumers);
  await ordered(say, js);
  const internal = ['addUpdate', 'minConsumerApi', 'requiredApiOpts'];
  missing.push(...offered(manager.consumers, internal).filter((name) => !called.has(name)));
  return say.lines;
}

async function managing(say: Telling, consumers: ConsumerAPI): Promise<void> {
  const config = { durable_name: 'C', ack_policy: AckPolicy.Explicit, ack_wait: 30 * SECOND };
  await say.ask('add', consumers.add('A', config));
  await say.ask('add again', consumers.add('A', config));
  await say.ask('add one that is wrong', consumers.add('A', { ...config, durable_name: 'a.b' }));
  await say.ask('update', consumers.update('A', 'C', { max_ack_pending: 50, description: 'told' }));
  await say.ask('info', consumers.info('A', 'C'));
  await say.ask('info of none', consumers.info('A', 'NONE'));
  await say.ask(
    'list',
    gathered(consumers.list('A'), 9, ({ name }) => name),
  );
  const paused = await say.ask(
    'pause',
    consumers.pause('A', 'C', new Date(Date.now() + 60_000)),
    ({ paused: is }) => is,
  );
  await say.ask('paused', consumers.info('A', 'C'), ({ paused: is }) => [paused?.paused, is]);
  await say.ask('resume', consumers.resume('A', 'C'), ({ paused: is }) => is);
  await say.ask('reset', consumers.reset('A', 'C'));
  await say.ask('reset to', consumers.reset('A', 'C', { seq: 3 } as never));
  const group = { priority_groups: ['g'], priority_policy: 'pinned_client', priority_timeout: 60 * SECOND };
  await say.ask('add with a group', consumers.add('A', { ...config, durable_name: 'G', ...group } as never));
  await say.ask('unpin', consumers.unpin('A', 'G', 'g'));
  await say.ask('unpin what is not there', consumers.unpin('A', 'G', 'h'));
  await say.ask('delete', consumers.delete('A', 'G'));
  await say.ask('delete again', consumers.delete('A', 'G'));
  await say.ask('reset for what follows', consumers.reset('A', 'C', { seq: 1 } as never), () => 'done');
}

const shown = (message: JsMsg): unknown => [
  message.subject,
  message.seq,
  message.string(),
  message.redelivered,
  message.info.deliveryCount,
  message.info.pending,
];

async function pulling(say: Telling, js: JetStreamClient): Promise<void> {
  const consumer = await js.consumers.get('A', 'C');
  await say.ask('next', consumer.next({ expires: 2_000 }), (message) => message && shown(message));
  await say.ask('fetch', gathered(await consumer.fetch({ max_messages: 2, expires: 2_000 }), 2, shown));
  await say.ask(
    'fetch bytes',
    consumer.fetch({ max_bytes: 100_000, expires: 1_000 }).then((some) => gathered(some, 3, shown)),
  );
  const messages = await consumer.consume({ max_messages: 10 });
  await say.ask('consume', gathered(messages, 3, shown));
  await say.ask(
    'closed',
    messages.close().then(() => 'closed'),
  );
  await say.ask('how it stands', consumer.info(), ({ num_ack_pending, delivered }) => [
    num_ack_pending,
    delivered.stream_seq,
  ]);
  await say.ask('kinds', Promise.resolve([consumer.isPullConsumer(), consumer.isPushConsumer()]));
}

async function acknowledging(say: Telling, js: JetStreamClient): Promise<void> {
  const manager = await js.jetstreamManager();
  await manager.consumers.add('A', { durable_name: 'K', ack_policy: AckPolicy.Explicit, ack_wait: 30 * SECOND });
  const consumer = await js.consumers.get('A', 'K');
  const next = async (): Promise<JsMsg> => (await consumer.next({ expires: 2_000 }))!;
  (await next()).ack();
  await say.ask('confirmed', (await next()).ackAck());
  (await next()).nak();
  const known = (message: JsMsg): unknown => [message.seq, message.string()];
  await say.ask('again', waitFor(next, ({ redelivered }) => redelivered).then(known));
  (await next()).nak(200);
  const late = await next();
  late.working();
  late.term('no use');
  await say.ask(
    'after the delay',
    waitFor(next, ({ redelivered }) => redelivered).then(({ redelivered }) => redelivered),
  );
  await say.ask('the floor', consumer.info(), ({ ack_floor }) => ack_floor.stream_seq);
  await say.ask('delete', consumer.delete());
}

async function waitFor(next: () => Promise<JsMsg>, isIt: (message: JsMsg) => boolean): Promise<JsMsg> {
  await new Promise((resolve) => setTimeout(resolve, 400));
  for (let message = await next(); ; message = await next()) if (isIt(message)) return message;
}

async function pushing(say: Telling, js: JetStreamClient, consumers: ConsumerAPI): Promise<void> {
  const more = { ack_policy: AckPolicy.None, flow_control: true, idle_heartbeat: SECOND };
  await say.ask('add a push consumer', consumers.add('A', { durable_name: 'P', deliver_subject: 'to.here', ...more }));
  const consumer = await js.consumers.getPushConsumer('A', 'P');
  const messages = await consumer.consume();
  await say.ask('pushed', gathered(messages, 12, shown));
  await messages.close();
  await say.ask('delete the push consumer', consumer.delete());
  const own = await js.consumers.getPushConsumer('A', { filter_subjects: ['a.1'] } as never);
  await say.ask('pushed in order', gathered(await own.consume(), 4, shown));
}

async function ordered(say: Telling, js: JetStreamClient): Promise<void> {
  const all = await js.consumers.get('A');
  await say.ask('in order', gathered(await all.consume(), 12, shown));
  const some = await js.consumers.get('A', {
    filter_subjects: ['a.2'],
    opt_start_seq: 4,
    deliver_policy: 'by_start_sequence',
  } as never);
  await say.ask('some in order', gathered(await some.fetch({ max_messages: 3, expires: 2_000 }), 3, shown));
  const stream = await js.streams.get('A');
  await say.ask('the stream', stream.info(), ({ config, state }) => [config.name, state.messages]);
  await say.ask('one of its messages', stream.getMessage({ seq: 2 }), (found) => found?.string());
  await say.ask('its consumer', stream.getConsumer('C'), () => 'there');
  await say.ask('delete one of its messages', stream.deleteMessage(12));
}
