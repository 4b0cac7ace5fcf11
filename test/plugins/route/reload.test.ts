/** Another block `cluster` while servers are connected. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mapNode, type PlainValue } from '../../../kernel/config/plain.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import { clusterConfig } from '../../../plugins/route/config.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { SimulatedCluster, type SimulatedNode } from './simulated-cluster.ts';

type Block = Readonly<Record<string, PlainValue>>;

/** As a reload of the file would: `block` besides name, host, port and routes. */
async function reload(cluster: SimulatedCluster, node: SimulatedNode, block: Block): Promise<void> {
  const problems = new Problems();
  const whole = {
    name: 'C',
    host: node.name,
    port: 6222,
    routes: node.known.map((name) => `nats://${name}:6222`),
    ...block,
  };
  const config = clusterConfig.read(mapNode(whole, 'cluster', problems), problems, {
    also: () => undefined,
    accounts: new Map(),
  });
  assert.equal(problems.list, []);
  await cluster.sim.until(node.server.host.reload(new Map([['route', config]])));
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
