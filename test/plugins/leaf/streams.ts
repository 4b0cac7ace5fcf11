/** Streams on both ends of a leaf connection, each in a domain of its own, as the official clients use them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import type { Node } from '../route/nodes.ts';
import { type Add, addNode } from './clustered.ts';
import { hubText, spokeText } from './nodes.ts';

/** One end, with a client on it. */
interface End {
  readonly node: Node;
  readonly client: NatsConnection;
}

interface Ends {
  readonly hub: End;
  readonly leaf: End;
}

interface Wishes {
  /** Null: no streams. */
  readonly hub?: string | null;
  readonly leaf?: string | null;
  /** Of the leaf's configuration. */
  readonly more?: string;
}

function textOf(domain: string | null, folder: string, name: string, more = ''): string {
  const named = domain === null || domain === '' ? '' : `domain: ${domain}, `;
  const store = join(folder, name);
  const block =
    domain === null ? '' : `jetstream { ${named}store_dir: ${JSON.stringify(store)}, max_mem: 64mb, max_file: 64mb }`;
  const streams = domain === null ? '' : ', jetstream: enabled';
  return `
${block}
accounts {
  APP { users: [{user: app, password: app}]${streams} }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
no_auth_user: app
${more}
`;
}

async function endOf(node: Node): Promise<End> {
  const client = await connect({ servers: `127.0.0.1:${node.port}` });
  return { node, client };
}

async function withEnds(
  add: Add,
  { hubProgram, leafProgram, hub: hubDomain = 'hub', leaf: leafDomain = 'leaf', more }: Programs & Wishes,
  use: (ends: Ends) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-domains-'));
  const clients: NatsConnection[] = [];
  const nodes: Node[] = [];
  try {
    const hubNode = await addNode(add, 'hub', `${textOf(hubDomain, folder, 'hub')}\n${hubText()}`, hubProgram);
    nodes.push(hubNode);
    const remote = spokeText(hubNode, 'account: APP', 'app:app@');
    const leafNode = await addNode(add, 'leaf', `${textOf(leafDomain, folder, 'leaf', more)}\n${remote}`, leafProgram);
    nodes.push(leafNode);
    const [hub, leaf] = [await endOf(hubNode), await endOf(leafNode)];
    clients.push(hub.client, leaf.client);
    await untilJoined(hub.client, leaf.client);
    await use({ hub, leaf });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Programs {
  readonly hubProgram: string;
  readonly leafProgram: string;
}

async function untilJoined(one: NatsConnection, other: NatsConnection): Promise<void> {
  let isHeard = false;
  const subscription = other.subscribe('joined', {
    callback: () => {
      isHeard = true;
    },
  });
  await other.flush();
  await until(async () => {
    one.publish('joined');
    await one.flush();
    await other.flush();
    return isHeard;
  });
  subscription.unsubscribe();
}

function managerOf({ client }: End, domain = ''): Promise<JetStreamManager> {
  return jetstreamManager(client, domain === '' ? {} : { domain });
}

function streamsOf({ client }: End, domain = ''): JetStreamClient {
  return jetstream(client, domain === '' ? {} : { domain });
}

function inMemory(name: string, more: Partial<StreamConfig>): Partial<StreamConfig> & { name: string } {
  return { name, storage: StorageType.Memory, ...more };
}

async function domainOf(end: End, asked = ''): Promise<string> {
  const { domain = '' } = await (await managerOf(end, asked)).getAccountInfo();
  return domain;
}

type Story = (add: Add, hubProgram: string, leafProgram: string) => Promise<void>;

/** The same from either end. */
function bothWays(play: (near: End, far: End, domain: string) => Promise<void>): Story {
  return (add, hubProgram, leafProgram) =>
    withEnds(add, { hubProgram, leafProgram }, async ({ hub, leaf }) => {
      await play(hub, leaf, 'leaf');
      await play(leaf, hub, 'hub');
    });
}

export const STREAM_STORIES: Readonly<Record<string, Story>> = {
  'requests stay at home, and reach the other side by the name of its domain': async (add, hubProgram, leafProgram) =>
    withEnds(add, { hubProgram, leafProgram }, async ({ hub, leaf }) => {
      assert.equal([await domainOf(hub), await domainOf(leaf)], ['hub', 'leaf']);
      assert.equal([await domainOf(hub, 'leaf'), await domainOf(leaf, 'hub')], ['leaf', 'hub']);
      assert.equal([await domainOf(hub, 'hub'), await domainOf(leaf, 'leaf')], ['hub', 'leaf']);
      for (const subject of ['$JS.leaf.API.NOTHING', '$JS.elsewhere.API.INFO']) {
        await rejects(hub.client.request(subject, '', { timeout: 2000 }), /no responders/i);
        await rejects(leaf.client.request(subject, '', { timeout: 2000 }), /no responders/i);
      }
    }),

  'a bucket on the other side is read, written and watched': bothWays(async (near, far, domain) => {
    const bucket = await new Kvm(streamsOf(far)).create('shared', { storage: StorageType.Memory, history: 5 });
    const remote = await new Kvm(streamsOf(near, domain)).open('shared');
    const seen: string[] = [];
    const watch = await remote.watch();
    void (async () => {
      for await (const entry of watch) seen.push(`${entry.key} ${entry.operation} ${entry.string()}`);
    })();
    await remote.put('a', 'from afar');
    await bucket.put('b', 'at home');
    assert.is((await bucket.get('a'))?.string(), 'from afar');
    assert.is((await remote.get('b'))?.string(), 'at home');
    await remote.delete('a');
    await until(() => seen.length >= 3);
    assert.equal(seen, ['a PUT from afar', 'b PUT at home', 'a DEL ']);
    assert.equal(await namesIn(remote.keys()), ['b']);
    watch.stop();
    await bucket.destroy();
  }),

  'what a consumer on the other side delivers has its own subject, and is acknowledged': bothWays(
    async (near, far, domain) => {
      const manager = await managerOf(near, domain);
      await manager.streams.add(inMemory('WORK', { subjects: ['work.>'] }));
      for (const word of ['one', 'two', 'three']) await streamsOf(far).publish(`work.${word}`, word);
      const config = { durable_name: 'pull', ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
      await manager.consumers.add('WORK', config);
      const consumer = await streamsOf(near, domain).consumers.get('WORK', 'pull');
      const subjects: string[] = [];
      for await (const message of await consumer.fetch({ max_messages: 3, expires: 5000 })) {
        subjects.push(`${message.subject} ${message.string()} ${message.seq}`);
        assert.ok(await message.ackAck());
      }
      assert.equal(subjects, ['work.one one 1', 'work.two two 2', 'work.three three 3']);
      assert.is((await consumer.info()).num_ack_pending, 0);
      await manager.streams.delete('WORK');
    },
  ),

  'a push consumer on the other side shows stored subjects, to a group as well': bothWays(async (near, far, domain) => {
    const manager = await managerOf(near, domain);
    await manager.streams.add(inMemory('PUSH', { subjects: ['push.>'] }));
    const heard: string[] = [];
    const callback = (_error: unknown, message: { subject: string; reply?: string; respond(): boolean }): void => {
      heard.push(`${message.subject} ${message.reply?.includes('@') === true ? message.reply : ''}`);
      message.respond();
    };
    const subscriptions = [
      near.client.subscribe('to.all', { callback }),
      near.client.subscribe('to.group', { callback, queue: 'group' }),
      near.client.subscribe('to.group', { callback, queue: 'group' }),
    ];
    await near.client.flush();
    const common = { ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
    await manager.consumers.add('PUSH', { ...common, durable_name: 'all', deliver_subject: 'to.all' });
    const shared = { deliver_subject: 'to.group', deliver_group: 'group' };
    await manager.consumers.add('PUSH', { ...common, durable_name: 'some', ...shared });
    for (const word of ['x', 'y']) await streamsOf(far).publish(`push.${word}`, word);
    await until(() => heard.length >= 4);
    await until(async () => (await manager.consumers.info('PUSH', 'some')).num_ack_pending === 0);
    await until(async () => (await manager.consumers.info('PUSH', 'all')).num_ack_pending === 0);
    assert.equal(heard.sort(), ['push.x ', 'push.x ', 'push.y ', 'push.y ']);
    for (const subscription of subscriptions) subscription.unsubscribe();
    await manager.streams.delete('PUSH');
  }),

  'a stream is mirrored, and is a source, over a leaf': bothWays(async (near, far, domain) => {
    const [here, there] = [await managerOf(near), await managerOf(far)];
    await there.streams.add(inMemory('ORIGIN', { subjects: ['origin.>'] }));
    const publisher = streamsOf(far);
    for (let count = 1; count <= 50; count++) await publisher.publish(`origin.${count % 5}`, String(count));
    const external = { api: `$JS.${domain}.API`, deliver: '' };
    await here.streams.add(inMemory('MIRROR', { mirror: { name: 'ORIGIN', external } }));
    const source = { name: 'ORIGIN', external, filter_subject: 'origin.1' };
    await here.streams.add(inMemory('SOURCED', { subjects: ['sourced'], sources: [source] }));
    for (let count = 51; count <= 60; count++) await publisher.publish(`origin.${count % 5}`, String(count));
    const countIn = async (name: string): Promise<number> => (await here.streams.info(name)).state.messages;
    await until(async () => (await countIn('MIRROR')) === 60 && (await countIn('SOURCED')) === 12);
    const last = await here.streams.getMessage('MIRROR', { seq: 60 });
    assert.equal([last?.subject, last?.string()], ['origin.0', '60']);
    const first = await here.streams.getMessage('SOURCED', { seq: 1 });
    assert.equal([first?.subject, first?.string()], ['origin.1', '1']);
    assert.match(first!.header.get('Nats-Stream-Source'), /^ORIGIN:\w+ 1 origin\.1 > origin\.1|^ORIGIN/);
    const { mirror } = await here.streams.info('MIRROR');
    assert.equal([mirror?.name, mirror?.lag, mirror?.error], ['ORIGIN', 0, undefined]);
    for (const name of ['MIRROR', 'SOURCED']) await here.streams.delete(name);
    await there.streams.delete('ORIGIN');
  }),

  'where there are no streams, requests that name no domain go to the one the configuration names': (
    add,
    hubProgram,
    leafProgram,
  ) =>
    withEnds(
      add,
      { hubProgram, leafProgram, leaf: null, more: 'default_js_domain: { APP: hub }' },
      async ({ hub, leaf }) => {
        assert.is(await domainOf(leaf), 'hub');
        await new Kvm(streamsOf(hub)).create('there', { storage: StorageType.Memory });
        const bucket = await new Kvm(streamsOf(leaf)).open('there');
        await bucket.put('key', 'value');
        assert.is((await bucket.get('key'))?.string(), 'value');
      },
    ),

  'without a domain on either side, and told so, both are one as before there were domains': (
    add,
    hubProgram,
    leafProgram,
  ) =>
    withEnds(
      add,
      { hubProgram, leafProgram, hub: '', leaf: null, more: 'default_js_domain: { APP: "" }' },
      async ({ leaf }) => {
        await (await managerOf(leaf)).streams.add(inMemory('OLD', { subjects: ['old'] }));
        assert.is((await streamsOf(leaf).publish('old', 'x')).seq, 1);
      },
    ),
};

async function namesIn(keys: Promise<AsyncIterable<string>>): Promise<string[]> {
  const names: string[] = [];
  for await (const name of await keys) names.push(name);
  return names;
}

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await promise.then(
    () => null,
    (reason: Error) => reason,
  );
  assert.match(String(error), pattern);
}
