/** Another block `cluster` while servers are connected. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { type Block, clusterReload } from './cluster-block.ts';
import { type SimulatedClient, SimulatedCluster, type SimulatedNode } from './simulated-cluster.ts';

/** As a reload of the file would: `block` besides name, host, port and routes. */
async function reload(cluster: SimulatedCluster, node: SimulatedNode, block: Block): Promise<void> {
  const routes = node.known.map((name) => `nats://${name}:6222`);
  const whole = clusterReload({ name: 'C', host: node.name, port: 6222, routes, ...block });
  await cluster.sim.until(node.server.host.reload(whole));
  await cluster.run(100);
}

async function pair(text = '', block = 'name: C'): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1', [], block, text);
  await cluster.start('n2', ['n1'], block, text);
  await cluster.untilSo(() => cluster.links().join() === '4,4', 3000);
  return cluster;
}

async function hears(cluster: SimulatedCluster, subject: string): Promise<boolean> {
  const [near, far] = [cluster.client('n1'), cluster.client('n2')];
  far.say(`SUB ${subject} 1\r\n`);
  await cluster.run(100);
  near.publish(subject, 'x');
  await cluster.run(100);
  const answer = far.heard('1').length === 1;
  near.leave();
  far.leave();
  await cluster.run(100);
  return answer;
}

test('what may be asked for changes for subscriptions that are there', async () => {
  const cluster = await pair();
  const [near, far] = [cluster.client('n1'), cluster.client('n2')];
  far.say('SUB a 1\r\nSUB b 2\r\n');
  await cluster.run(100);
  const publish = async (): Promise<string[]> => {
    far.text = '';
    near.publish('a', 'a');
    near.publish('b', 'b');
    await cluster.run(100);
    return [...far.heard('1'), ...far.heard('2')];
  };
  assert.equal(await publish(), ['a', 'b']);
  await reload(cluster, cluster.node('n2'), { permissions: { import: { deny: ['a'] } } });
  assert.equal(await publish(), ['b'], 'this server no longer asks for it');
  await reload(cluster, cluster.node('n2'), {});
  assert.equal(await publish(), ['a', 'b']);
  await reload(cluster, cluster.node('n1'), { permissions: { export: ['a'] } });
  assert.equal(await publish(), ['a'], 'the other server no longer gives it');
  await reload(cluster, cluster.node('n1'), {});
  assert.equal(await publish(), ['a', 'b'], 'and is told again what is wanted');
  await cluster.close();
});

test('a pool gets another size', async () => {
  const cluster = await pair();
  for (const name of ['n1', 'n2']) await reload(cluster, cluster.node(name), { pool_size: 1 });
  await cluster.untilSo(() => cluster.links().join() === '2,2', 5000);
  assert.ok(await hears(cluster, 'a'));
  await cluster.close();
});

test('an account gets a connection of its own, and loses it again, without losing what it wants', async () => {
  const cluster = await pair('accounts { APP { users: [{user: app, password: app}] } }\nno_auth_user: app');
  const [near, far] = [cluster.client('n1'), cluster.client('n2')];
  far.say('SUB a 1\r\n');
  await cluster.run(100);
  for (const name of ['n1', 'n2']) await reload(cluster, cluster.node(name), { accounts: ['APP'] });
  await cluster.untilSo(() => cluster.links().join() === '5,5', 5000);
  await cluster.run(1000);
  near.publish('a', 'one');
  await cluster.run(100);
  assert.equal(far.heard('1'), ['one']);
  for (const name of ['n1', 'n2']) await reload(cluster, cluster.node(name), {});
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  await cluster.run(1000);
  near.publish('a', 'two');
  await cluster.run(100);
  assert.equal(far.heard('1'), ['one', 'two']);
  await cluster.close();
});

const PACE_MS = 10;

/** Two clients of account APP, one at each server, each of which publishes all the time what the other one hears. */
class Talk {
  private readonly sides: readonly { readonly client: SimulatedClient; said: number }[];
  private readonly cluster: SimulatedCluster;
  private isOver = false;

  constructor(cluster: SimulatedCluster) {
    this.cluster = cluster;
    this.sides = ['n1', 'n2'].map((name) => ({ client: cluster.client(name), said: 0 }));
    for (const [at, { client }] of this.sides.entries()) client.say(`SUB to.${at} 1\r\n`);
  }

  /** From now on. */
  async begin(): Promise<void> {
    await this.cluster.run(200);
    this.say();
  }

  private say(): void {
    if (this.isOver) return;
    for (const [at, side] of this.sides.entries()) side.client.publish(`to.${1 - at}`, `${++side.said}`);
    this.cluster.sim.clock.after(PACE_MS, () => this.say());
  }

  /** How long each side heard nothing at most, once the talk is over; what came twice, or out of order, is told as well. */
  async end(): Promise<{ readonly silenceMs: number; readonly isInOrder: boolean }> {
    this.isOver = true;
    await this.cluster.run(200);
    let silence = 0;
    let isInOrder = true;
    for (const [at, { client }] of this.sides.entries()) {
      const heard = [0, ...client.heard('1').map(Number), this.sides[1 - at]!.said + 1];
      for (let next = 1; next < heard.length; next++) {
        const missing = heard[next]! - heard[next - 1]! - 1;
        silence = Math.max(silence, missing);
        if (missing < 0) isInOrder = false;
      }
    }
    return { silenceMs: silence * PACE_MS, isInOrder };
  }
}

const APP = 'accounts { APP { users: [{user: app, password: app}] } }\nno_auth_user: app';

for (const [who, first, second] of [
  ['the one that was connected to', 'n1', 'n2'],
  ['the one that connected', 'n2', 'n1'],
] as const) {
  const withOwn = { accounts: ['APP'] };

  test(`an account gets and loses its own connection by one server only, ${who}, and is heard all the time`, async () => {
    const cluster = await pair(APP);
    const talk = new Talk(cluster);
    await talk.begin();
    await reload(cluster, cluster.node(first), withOwn);
    await cluster.untilSo(() => cluster.links().join() === '5,5', 3000);
    await cluster.run(3000);
    await reload(cluster, cluster.node(first), {});
    await cluster.run(3000);
    assert.equal(cluster.links(), [4, 4]);
    const { silenceMs, isInOrder } = await talk.end();
    assert.ok(isInOrder, `seed ${cluster.sim.seed}: nothing comes twice`);
    assert.ok(silenceMs <= 100, `seed ${cluster.sim.seed}: ${silenceMs} ms of silence`);
    await cluster.close();
  });

  test(`both servers give an account its own connection, first ${who}, and one takes it back`, async () => {
    const cluster = await pair(APP);
    const talk = new Talk(cluster);
    await talk.begin();
    await reload(cluster, cluster.node(first), withOwn);
    await cluster.run(2000);
    await reload(cluster, cluster.node(second), withOwn);
    await cluster.run(2000);
    assert.equal(cluster.links(), [5, 5]);
    await reload(cluster, cluster.node(second), {});
    await cluster.run(5000);
    const { silenceMs, isInOrder } = await talk.end();
    assert.ok(isInOrder, `seed ${cluster.sim.seed}: nothing comes twice`);
    assert.ok(silenceMs <= 100, `seed ${cluster.sim.seed}: ${silenceMs} ms of silence`);
    await cluster.close();
  });

  test(`a reload of one server, ${who}, that makes all lines anew is a short silence`, async () => {
    const cluster = await pair(APP);
    const talk = new Talk(cluster);
    await talk.begin();
    const blocks: readonly Block[] = [{ pool_size: 1 }, { compression: 's2_fast' }, {}];
    for (const block of blocks) {
      await reload(cluster, cluster.node(first), block);
      await cluster.run(3000);
      assert.equal(cluster.peers(), [1, 1]);
    }
    const { silenceMs, isInOrder } = await talk.end();
    assert.ok(isInOrder, `seed ${cluster.sim.seed}: nothing comes twice`);
    assert.ok(silenceMs <= 300, `seed ${cluster.sim.seed}: ${silenceMs} ms of silence`);
    await cluster.close();
  });
}

test('a server that starts with an account of its own that the others do not have is heard', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1', [], 'name: C', APP);
  await cluster.start('n2', ['n1'], 'name: C\n accounts: [APP]', APP);
  await cluster.untilWhole(3000);
  await cluster.run(2000);
  assert.ok(await hears(cluster, 'a'));
  const [near, far] = [cluster.client('n2'), cluster.client('n1')];
  far.say('SUB b 1\r\n');
  await cluster.run(100);
  near.publish('b', 'x');
  await cluster.run(100);
  assert.equal(far.heard('1'), ['x']);
  await cluster.close();
});

test('a server that is no longer named is let go, and one that is named is found', async () => {
  const cluster = await pair();
  await cluster.start('n3');
  await reload(cluster, cluster.node('n2'), { routes: ['nats://n3:6222'] });
  await cluster.untilSo(() => cluster.peers().join() === '0,1,1', 5000);
  await cluster.run(5000);
  assert.equal(cluster.peers(), [0, 1, 1]);
  await cluster.close();
});

test('whoever connected without the password that is asked for now is sent away', async () => {
  const cluster = await pair();
  await reload(cluster, cluster.node('n1'), { authorization: { user: 'r', password: 's' } });
  await cluster.untilSo(() => cluster.peers().join() === '0,0', 1000);
  await reload(cluster, cluster.node('n2'), { routes: ['nats://r:s@n1:6222'] });
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  await cluster.close();
});

test('a cluster gets another name', async () => {
  const cluster = await pair();
  await reload(cluster, cluster.node('n1'), { name: 'D' });
  await cluster.run(3000);
  assert.equal(cluster.peers(), [0, 0]);
  await reload(cluster, cluster.node('n2'), { name: 'D' });
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  await cluster.close();
});

test('lines are packed, and unpacked, as the reload says', async () => {
  const cluster = await pair();
  for (const name of ['n1', 'n2']) await reload(cluster, cluster.node(name), { compression: 's2_fast' });
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  assert.ok(await hears(cluster, 'a'));
  await reload(cluster, cluster.node('n1'), { compression: 'off' });
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  assert.ok(await hears(cluster, 'a'));
  await cluster.close();
});

test('where a server listens cannot change', async () => {
  const cluster = await pair();
  const error = await reload(cluster, cluster.node('n1'), { port: 7000 }).catch((reason: Error) => reason);
  assert.match(String(error), 'config reload not supported for cluster port: old=6222, new=7000');
  await cluster.close();
});

test.run();
