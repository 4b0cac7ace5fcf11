/** Five servers of which each knows one: how they find each other, and find each other again. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { complaintsOf, SimulatedCluster } from './simulated-cluster.ts';

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'];
/** A pool of three and one for the system account, to each of four others. */
const LINKS = 4 * 4;
const CONVERGED_MS = 3000;

async function clusterOf(
  seed: number,
  knows: (index: number) => string[],
  block = 'name: C',
): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(seed);
  for (const [index, name] of NAMES.entries()) await cluster.start(name, knows(index), block);
  return cluster;
}

const WAYS: Readonly<Record<string, (index: number) => string[]>> = {
  'one that all know': (index) => (index === 0 ? [] : ['n1']),
  'each the one before': (index) => (index === 0 ? [] : [NAMES[index - 1]!]),
  'all of all, themselves included': () => NAMES,
};

for (const [what, knows] of Object.entries(WAYS)) {
  test(`five servers are one cluster within three seconds, knowing ${what}`, async () => {
    const cluster = await clusterOf(chooseSeed(), knows);
    await cluster.untilWhole(CONVERGED_MS);
    await cluster.untilSo(() => cluster.links().every((count) => count === LINKS), CONVERGED_MS);
    await cluster.run(60_000);
    assert.equal(
      cluster.links(),
      NAMES.map(() => LINKS),
      'no connection comes or goes while nothing happens',
    );
    await cluster.close();
  });
}

test('each server that is started again is found by all others within three seconds', async () => {
  const cluster = await clusterOf(chooseSeed(), () => NAMES);
  await cluster.untilWhole(CONVERGED_MS);
  for (const node of cluster.nodes.values()) {
    await cluster.sim.until(node.server.close());
    await cluster.run(1500);
    await cluster.restart(node);
    await cluster.untilWhole(CONVERGED_MS);
  }
  await cluster.untilSo(() => cluster.links().every((count) => count === LINKS), 5000);
  await cluster.close();
});

test('a message published anywhere is heard once by each subscriber everywhere', async () => {
  const cluster = await clusterOf(chooseSeed(), () => ['n1']);
  await cluster.untilSo(() => cluster.links().every((count) => count === LINKS), CONVERGED_MS);
  const clients = NAMES.map((name) => cluster.client(name));
  for (const client of clients) client.say('SUB a.* 1\r\nSUB a.> 2\r\nSUB q g 3\r\n');
  await cluster.run(200);
  clients.forEach((client, index) => {
    client.publish('a.b', `from${index}`);
    client.publish('q', `queue${index}`);
  });
  await cluster.run(500);
  const all = NAMES.map((_, index) => `from${index}`).sort();
  for (const client of clients) {
    assert.equal([...client.heard('1')].sort(), all);
    assert.equal([...client.heard('2')].sort(), all);
  }
  assert.is(clients.flatMap((client) => client.heard('3')).length, NAMES.length);
  await cluster.close();
});

test('servers without a name agree on one, and on that of one that has a name', async () => {
  const seed = chooseSeed();
  const cluster = new SimulatedCluster(seed);
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name, name === 'n1' ? [] : ['n1'], 'pool_size: 2');
  await cluster.untilWhole(10_000);
  const nameOf = (name: string): string =>
    (cluster.node(name).server.host.capabilities.find('server.cluster')!.value as { name: string }).name;
  assert.is(nameOf('n1'), nameOf('n2'));
  assert.is(nameOf('n1'), nameOf('n3'));
  await cluster.start('n4', ['n1'], 'name: real, pool_size: 2');
  await cluster.untilWhole(15_000);
  assert.equal(['n1', 'n2', 'n3', 'n4'].map(nameOf), ['real', 'real', 'real', 'real']);
  await cluster.close();
});

test('a pool may be of another size on the other side, or none at all', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1', [], 'name: C, pool_size: 5');
  await cluster.start('n2', ['n1'], 'name: C, pool_size: 2');
  await cluster.start('n3', ['n1', 'n2'], 'name: C, pool_size: -1');
  await cluster.untilSo(() => cluster.links().join() === '7,7,2', 5000);
  const clients = ['n1', 'n2', 'n3'].map((name) => cluster.client(name));
  for (const client of clients) client.say('SUB a 1\r\n');
  await cluster.run(100);
  for (const [index, client] of clients.entries()) client.publish('a', `m${index}`);
  await cluster.run(100);
  for (const client of clients) assert.equal(client.heard('1').sort(), ['m0', 'm1', 'm2']);
  await cluster.close();
});

test('an account may have a connection of its own', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  const text = 'accounts { APP { users: [{user: app, password: app}] } }\nno_auth_user: app';
  for (const name of ['n1', 'n2'])
    await cluster.start(name, name === 'n1' ? [] : ['n1'], 'name: C, accounts: [APP]', text);
  await cluster.untilSo(() => cluster.links().join() === '5,5', 3000);
  const [near, far] = ['n1', 'n2'].map((name) => cluster.client(name));
  far!.say('SUB own 1\r\nSUB q g 2\r\n');
  await cluster.run(100);
  near!.publish('own', 'x');
  near!.say('PUB q r 1\r\ny\r\n');
  await cluster.run(100);
  assert.equal([far!.heard('1'), far!.heard('2')], [['x'], ['y']]);
  await cluster.close();
});

test('nothing is complained of where all is well', async () => {
  const cluster = await clusterOf(chooseSeed(), () => NAMES);
  await cluster.untilSo(() => cluster.links().every((count) => count === LINKS), 5000);
  for (const node of cluster.nodes.values()) {
    assert.equal(
      complaintsOf(node).filter((line) => !line.includes('trying to connect')),
      [],
      node.name,
    );
  }
  await cluster.close();
});

test.run();
