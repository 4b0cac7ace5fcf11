/** What the servers of a cluster tell each other in the system account. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import '../../../plugins/system-events/requests/desk.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { until } from '../../kits/until.ts';
import { type SimulatedClient, SimulatedCluster } from './simulated-cluster.ts';

const TEXT = `
accounts {
  APP { users: [{user: app, password: app}], limits { max_connections: 3 } }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
no_auth_user: app
`;

async function trio(text = TEXT): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(chooseSeed());
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name, name === 'n1' ? [] : ['n1'], 'name: C', text);
  await cluster.untilSo(() => cluster.links().join() === '8,8,8', 3000);
  await cluster.run(5000);
  return cluster;
}

/** Figures take their time in the world outside. */
async function answered(cluster: SimulatedCluster, client: SimulatedClient, count: number): Promise<void> {
  await until(async () => {
    await cluster.run(20);
    return bodies(client.text).length >= count;
  });
  await cluster.run(300);
}

function bodies(text: string): Record<string, never>[] {
  return [...text.matchAll(/MSG \S+ \d+ (?:\S+ )?\d+\r\n(\{.*\})\r\n/g)].map(([, body]) => JSON.parse(body!));
}

test('all servers answer a ping, each with the number of servers and the name of the cluster', async () => {
  const cluster = await trio();
  const operator = cluster.client('n2', 'sys');
  operator.say('SUB inbox 1\r\n');
  await until(async () => {
    operator.text = '';
    operator.say('PUB $SYS.REQ.SERVER.PING inbox 0\r\n\r\n');
    await answered(cluster, operator, 3);
    return operator.text.split('"active_servers":3').length === 4;
  });
  const answers = bodies(operator.text) as unknown as {
    server: { name: string; cluster: string };
    statsz: { active_servers: number };
  }[];
  assert.equal(answers.map(({ server }) => `${server.name} ${server.cluster}`).sort(), ['n1 C', 'n2 C', 'n3 C']);
  assert.equal(
    answers.map(({ statsz }) => statsz.active_servers),
    [3, 3, 3],
  );
  await cluster.close();
});

test('one server is asked by its id, wherever one is connected', async () => {
  const cluster = await trio();
  const { id } = cluster.node('n3').server.broker.identity;
  const operator = cluster.client('n1', 'sys');
  operator.say(`SUB inbox 1\r\nPUB $SYS.REQ.SERVER.${id}.ROUTEZ inbox 0\r\n\r\n`);
  await answered(cluster, operator, 1);
  const [answer] = bodies(operator.text) as unknown as { server: { name: string }; data: { num_routes: number } }[];
  assert.is(answer?.server.name, 'n3');
  assert.is(answer?.data.num_routes, 8);
  await cluster.close();
});

test('a server that is shut down is no longer counted', async () => {
  const cluster = await trio();
  const gone = cluster.node('n3');
  cluster.nodes.delete('n3');
  await cluster.sim.until(gone.server.close());
  await cluster.run(500);
  const operator = cluster.client('n1', 'sys');
  operator.say(`SUB inbox 1\r\nPUB $SYS.REQ.SERVER.PING inbox 0\r\n\r\n`);
  await answered(cluster, operator, 2);
  const answers = bodies(operator.text) as unknown as { statsz: { active_servers: number } }[];
  assert.equal(
    answers.map(({ statsz }) => statsz.active_servers),
    [2, 2],
  );
  await cluster.close();
});

test('an account has its limit of connections over all servers together', async () => {
  const cluster = await trio();
  for (const name of ['n1', 'n2', 'n3']) cluster.client(name);
  await cluster.run(500);
  const late = cluster.client('n1');
  await cluster.run(500);
  assert.match(late.text, /-ERR 'maximum account active connections exceeded'/);
  await cluster.close();
});

test('what a server had counts no more once it is gone', async () => {
  const cluster = await trio();
  for (let count = 0; count < 3; count++) cluster.client('n3');
  await cluster.run(500);
  const gone = cluster.node('n3');
  cluster.nodes.delete('n3');
  await cluster.sim.until(gone.server.close());
  await cluster.run(500);
  const late = cluster.client('n1');
  await cluster.run(500);
  assert.not.match(late.text, /-ERR/);
  await cluster.close();
});

test('subscribers are counted on all servers', async () => {
  const cluster = await trio();
  cluster.client('n1').say('SUB a.b 1\r\n');
  cluster.client('n3').say('SUB a.b 1\r\nSUB a.* 2\r\n');
  const operator = cluster.client('n2', 'sys');
  operator.say(`SUB inbox 1\r\n`);
  await cluster.run(200);
  const asker = cluster.node('n2').server.broker;
  const heard: string[] = [];
  const system = asker.accounts.system!;
  asker.publisher.subscribe(
    system,
    'own.inbox',
    '',
    (message) => void heard.push(Buffer.from(message.body).toString()),
  );
  const { askOthers } = await import('../../../plugins/system-events/requests/remote-subscribers.ts');
  const account = asker.accounts.get('APP')!;
  const sum = cluster.sim.until(
    askOthers({ broker: asker, system, clock: asker.clock, random: asker.random } as never, 2, account, 'a.b'),
  );
  assert.is(await sum, 3);
  await cluster.close();
});

test('who a client is, is said by the server it is connected to and nobody else', async () => {
  const cluster = await trio();
  const client = cluster.client('n1');
  client.say('SUB inbox 1\r\nPUB $SYS.REQ.USER.INFO inbox 0\r\n\r\n');
  await answered(cluster, client, 1);
  assert.is(bodies(client.text).length, 1);
  await cluster.close();
});

test('in lame duck mode others send clients elsewhere', async () => {
  const cluster = await trio();
  const client = cluster.client('n1');
  client.say('PING\r\n');
  await cluster.run(100);
  const urls = (): readonly string[] => cluster.node('n1').server.broker.connectUrls;
  assert.ok(
    urls().some((url) => url.startsWith('n2:')),
    urls().join(),
  );
  void cluster.node('n2').server.drain();
  await cluster.run(2000);
  assert.not(
    urls().some((url) => url.startsWith('n2:')),
    urls().join(),
  );
  assert.ok(urls().some((url) => url.startsWith('n3:')));
  await cluster.close();
});

test.run();
