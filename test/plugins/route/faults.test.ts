/** What may go wrong between servers, and how it ends: in simulated time, from a seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { complaintsOf, type SimulatedClient, SimulatedCluster } from './simulated-cluster.ts';

const MINUTE = 60_000;

async function pairOf(seed = chooseSeed(), block = 'name: C'): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(seed);
  await cluster.start('n1', [], block);
  await cluster.start('n2', ['n1'], block);
  return cluster;
}

test('a peer that falls silent is given up after two pings without an answer, and found again when it speaks', async () => {
  const cluster = await pairOf();
  await cluster.untilSo(() => cluster.links().join() === '4,4', 3000);
  const far = cluster.client('n2');
  far.say('SUB a 1\r\nSUB q g 2\r\n');
  await cluster.run(100);
  cluster.sim.network.split('n1', 'n2');
  await cluster.untilSo(() => cluster.peers().join() === '0,0', 3 * 31_000);
  await cluster.run(5 * MINUTE);
  cluster.sim.network.join('n1', 'n2');
  await cluster.untilSo(() => cluster.links().join() === '4,4', 3000);
  const near = cluster.client('n1');
  await cluster.run(200);
  near.publish('a', 'back');
  near.publish('q', 'again');
  await cluster.run(100);
  assert.equal([far.heard('1'), far.heard('2')], [['back'], ['again']], 'no subscription is lost');
  const lines = cluster.node('n2').log.filter((line) => line.includes('Error trying to connect'));
  assert.ok(lines.length >= 1 && lines.length <= 7, `${lines.length} lines in five minutes`);
  await cluster.close();
});

test('a line that is cut over and over leaves nothing behind', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name, name === 'n1' ? [] : ['n1']);
  const whole = (): boolean => cluster.links().join() === '8,8,8';
  await cluster.untilSo(whole, 3000);
  const random = cluster.sim.random;
  for (let round = 0; round < 60; round++) {
    cluster.sim.network.cut('n1', ['n2', 'n3'][random.below(2)]!);
    if (random.below(4) === 0) cluster.sim.network.cut('n2', 'n3');
    await cluster.run(50 + random.below(700));
  }
  await cluster.untilSo(whole, 40_000);
  await cluster.run(MINUTE);
  assert.ok(whole(), cluster.picture());
  for (const { server } of cluster.nodes.values()) {
    const foreign = [...server.broker.accounts.all()].map(({ sublist }) => sublist.count);
    assert.ok(
      foreign.every((count) => count < 100),
      `${foreign}`,
    );
  }
  await cluster.close();
});

test('whatever happens to the lines, no message is heard twice, and in the end all are heard', async () => {
  const seed = chooseSeed();
  const cluster = new SimulatedCluster(seed, { cutChance: 0.05 });
  const names = ['n1', 'n2', 'n3', 'n4'];
  for (const name of names) await cluster.start(name, names, 'name: C, ping_interval: "2s"');
  await cluster.untilWhole(10_000);
  const clients = names.map((name) => cluster.client(name));
  for (const client of clients) client.say('SUB a 1\r\nSUB q g 2\r\n');
  await cluster.run(300);
  const { network, random } = cluster.sim;
  let number = 0;
  const publish = (): void => {
    clients.forEach((client, index) => {
      client.publish('a', `${index} ${++number}`);
      client.publish('q', `${index} ${++number}`);
    });
  };
  for (let round = 0; round < 150; round++) {
    const [one, other] = [names[random.below(4)]!, names[random.below(4)]!];
    const what = random.below(6);
    if (what === 0) network.cut(one, other);
    else if (what === 1) network.split(one, other);
    else if (what === 2) network.join(one, other);
    publish();
    await cluster.run(random.below(400));
  }
  for (const one of names) for (const other of names) network.join(one, other);
  await cluster.untilSo(() => cluster.links().every((count) => count === 12), 60_000);
  await cluster.run(2000);
  for (const client of clients) assert.is(repeated(client.heard('1')), undefined, `seed ${seed}: heard twice`);
  assert.is(repeated(clients.flatMap((client) => client.heard('2'))), undefined, `seed ${seed}: served twice`);
  for (const client of clients) client.text = '';
  publish();
  await cluster.run(1000);
  for (const client of clients) assert.is(client.heard('1').length, names.length, `seed ${seed}: ${cluster.picture()}`);
  assert.is(clients.flatMap((client) => client.heard('2')).length, names.length, `seed ${seed}`);
  await cluster.close();
});

function repeated(heard: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return heard.find((body) => seen.size === seen.add(body).size);
}

interface Misfit {
  readonly first: readonly [block: string, text?: string];
  readonly second: readonly [block: string, text?: string];
  /** What either of them says. */
  readonly says: RegExp;
}

const MISFITS: Readonly<Record<string, Misfit>> = {
  'two servers of one name': {
    first: ['name: C', 'called twin'],
    second: ['name: C', 'called twin'],
    says: /Remote server has a duplicate name: "twin"/,
  },
  'two names for the cluster': {
    first: ['name: C'],
    second: ['name: D'],
    says: /Rejecting connection, cluster name "[CD]" does not match "[CD]"/,
  },
  'a password that is missing': {
    first: ['name: C, authorization { user: r, password: s }'],
    second: ['name: C'],
    says: /Authorization Violation/,
  },
};

for (const [what, { first, second, says }] of Object.entries(MISFITS)) {
  test(`${what}: no connection, a reason in the log once a minute, an attempt a second`, async () => {
    const cluster = new SimulatedCluster(chooseSeed());
    await cluster.start('n1', [], ...first);
    await cluster.start('n2', ['n1'], ...second);
    await cluster.run(2 * MINUTE);
    assert.equal(cluster.peers(), [0, 0]);
    const said = [...cluster.nodes.values()].flatMap(complaintsOf);
    const reasons = said.filter((line) => says.test(line));
    assert.ok(reasons.length >= 1 && reasons.length <= 8, said.join('\n'));
    for (const { log, name } of cluster.nodes.values()) {
      const told = log.filter((line) => /^(info|warn|error) .*(Rout|Remote|Rejecting|Authorization)/.test(line));
      assert.ok(told.length >= 1 && told.length <= 9, `${name} says ${told.length} lines:\n${told.join('\n')}`);
    }
    const attempts = cluster.node('n1').log.filter((line) => line.includes('Router connection closed')).length;
    assert.ok(attempts > 60 && attempts < 130, `${attempts} attempts in two minutes`);
    assert.ok(cluster.links().every((count) => count <= 1));
    await cluster.close();
  });
}

test('both servers of one name say so', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  for (const [name, known] of [
    ['n1', []],
    ['n2', ['n1']],
  ] as const)
    await cluster.start(name, known, 'name: C', 'called twin');
  await cluster.run(3000);
  for (const node of cluster.nodes.values()) {
    const said = complaintsOf(node);
    assert.is(said.length, 1, said.join('\n'));
    assert.match(said[0]!, 'Remote server has a duplicate name: "twin"');
  }
  await cluster.close();
});

test('a peer that comes and goes all the time is told of a few times a minute', async () => {
  const cluster = await pairOf(chooseSeed(), 'name: C, pool_size: -1');
  for (let round = 0; round < 110; round++) {
    await cluster.untilSo(() => cluster.peers().join() === '1,1', 3000);
    cluster.sim.network.cut('n1', 'n2');
    await cluster.run(20);
  }
  for (const { log, name } of cluster.nodes.values()) {
    const all = log.filter((line) => /Route connection created|Router connection closed/.test(line));
    const told = all.filter((line) => line.startsWith('info '));
    assert.ok(all.length >= 200, `${name} was left ${all.length / 2} times`);
    assert.ok(told.length >= 20 && told.length <= 50, `${name} says ${told.length} lines in two minutes`);
  }
  await cluster.close();
});

test('a peer that no longer reads is closed when nothing has moved for long enough, and holds up nobody for ever', async () => {
  const cluster = await pairOf();
  await cluster.untilSo(() => cluster.links().join() === '4,4', 3000);
  const [near, local, far] = [cluster.client('n1'), cluster.client('n1'), cluster.client('n2')];
  far.say('SUB flood 1\r\n');
  await cluster.run(100);
  local.say('SUB flood 1\r\n');
  await cluster.run(100);
  cluster.sim.network.split('n1', 'n2');
  const body = 'x'.repeat(50_000);
  const { broker } = cluster.node('n1').server;
  let count = 0;
  await cluster.untilSo(() => {
    near.publish('flood', body);
    count++;
    return broker.slowLinks.get('route') === 1;
  }, 25_000);
  await cluster.run(1000);
  assert.is(local.heard('1').length, count, 'those who read get everything');
  assert.ok(broker.flow.pool.heapBytes < 1_000_000, `${broker.flow.pool.heapBytes} bytes are still held`);
  const said = cluster.node('n1').log.filter((line) => line.includes('Slow Consumer'));
  assert.ok(said.length <= 2, said.join('\n'));
  cluster.sim.network.join('n1', 'n2');
  await cluster.untilSo(() => cluster.links().join() === '4,4', 5000);
  await cluster.close();
});

test('with connect_backoff attempts become rarer, up to one in half a minute', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1', [], 'name: C');
  await cluster.start('n2', ['n1'], 'name: D, connect_backoff: true');
  await cluster.run(5 * MINUTE);
  const attempts = cluster.node('n1').log.filter((line) => line.includes('Router connection closed')).length;
  assert.ok(attempts >= 10 && attempts <= 17, `${attempts} attempts in five minutes`);
  await cluster.close();
});

test('a server that others told of is given up after as many tries as connect_retries says', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1');
  await cluster.start('n2', ['n1'], 'name: C, connect_retries: 2');
  await cluster.untilWhole(3000);
  cluster.sim.network.split('n2', 'n3');
  await cluster.start('n3', ['n1']);
  await cluster.run(MINUTE);
  const lines = cluster.node('n2').log.filter((line) => line.includes('there is another server'));
  assert.is(lines.length, 1);
  assert.equal(cluster.peers(), [2, 1, 1]);
  await cluster.close();
});

/** A stranger that says something to the cluster port of n1. */
async function told(cluster: SimulatedCluster, text: string, forMs = 500): Promise<SimulatedClientLike> {
  const wire = await cluster.sim.until(cluster.sim.machine('x').network.connect({ host: 'n1', port: 6222 }));
  const stranger = {
    text: '',
    isClosed: false,
    leave: () => wire.destroy(),
    say: (more: string) => void wire.write(Buffer.from(more, 'latin1')),
  };
  wire.start({
    onBytes: (bytes) => {
      stranger.text += Buffer.from(bytes).toString('latin1');
    },
    onRead: () => {},
    onWritten: () => {},
    onClosed: () => {
      stranger.isClosed = true;
    },
  });
  if (text !== '') wire.write(Buffer.from(text, 'latin1'));
  await cluster.run(forMs);
  return stranger;
}

interface SimulatedClientLike {
  readonly text: string;
  readonly isClosed: boolean;
  leave(): void;
  say(text: string): void;
}

const CONNECT = 'CONNECT {"name":"X","cluster":"C","lnoc":true}\r\n';
const INFO =
  'INFO {"server_id":"X","server_name":"x","host":"x","port":1,"headers":true,"cluster":"C","lnoc":true} \r\n';

const STRANGERS: Readonly<Record<string, readonly [says: string, hears: RegExp]>> = {
  'a client': ['CONNECT {"lang":"go","cluster":"C"}\r\n', /-ERR 'attempted to connect to route port'/],
  'a gateway': [
    'CONNECT {"gateway":"G","cluster":"C"}\r\n',
    /-ERR 'Rejecting connection from gateway "G" on the Route port'/,
  ],
  'a reserved name': ['CONNECT {"cluster":"_"}\r\n', /-ERR 'Rejecting connection, cluster name "_" is reserved'/],
  'no CONNECT first': ['PING\r\n', /-ERR 'Authorization Violation'/],
  'a verb of clients': [`${CONNECT}${INFO}SUB a 1\r\n`, /-ERR 'Unknown Protocol Operation'/],
  'a compression nobody knows': [
    `${CONNECT}${INFO.replace('"headers"', '"compression":"zstd","headers"')}`,
    /-ERR 'unsupported route compression mode "zstd"'/,
  ],
  'an account without a pool': [
    `${CONNECT}${INFO.replace('"headers"', '"route_account":"$SYS","headers"')}`,
    /-ERR 'Not possible to have a dedicated route for account "\$SYS" between those servers'/,
  ],
  'an account that has no connection of its own': [
    `${CONNECT}${INFO.replace('"headers"', '"route_pool_size":3,"route_account":"APP","headers"')}`,
    /-ERR 'No route for account "APP"'/,
  ],
  'a pool that is too large': [
    `${CONNECT}${INFO.replace('"headers"', '"route_pool_size":1025,"headers"')}`,
    /-ERR 'Route pool size 1025 is beyond what this server takes - maximum is 1024'/,
  ],
  'a place outside a pool of the largest size': [
    `${CONNECT}${INFO.replace('"headers"', '"route_pool_size":1024,"route_pool_idx":1024,"headers"')}`,
    /-ERR 'Invalid route pool index: 1024 - pool size is 1024'/,
  ],
  'a place outside the pool': [
    `${CONNECT}${INFO.replace('"headers"', '"route_pool_size":2,"route_pool_idx":7,"headers"')}`,
    /-ERR 'Invalid route pool index: 7 - pool size is 3'/,
  ],
};

for (const [what, [says, hears]] of Object.entries(STRANGERS)) {
  test(`${what} is told what is wrong, and sent away`, async () => {
    const cluster = new SimulatedCluster(chooseSeed());
    await cluster.start('n1');
    const stranger = await told(cluster, says);
    assert.match(stranger.text, hears);
    assert.ok(stranger.isClosed);
    assert.equal(cluster.links(), [0]);
    await cluster.close();
  });
}

const NONSENSE = [
  'INFO {}\r\n',
  'RS+ \r\n',
  'RS+ $G a g\r\n',
  'RMSG $G a 5x\r\n',
  'RMSG $G a ! r g 1\r\nx\r\n',
  'RMSG $G a 1\r\nxyz\r\n',
];
for (const line of NONSENSE) {
  test(`${JSON.stringify(line)} ends the connection`, async () => {
    const cluster = new SimulatedCluster(chooseSeed());
    await cluster.start('n1');
    const stranger = await told(cluster, line === NONSENSE[0] ? `${CONNECT}${line}` : `${CONNECT}${INFO}${line}`);
    assert.ok(stranger.isClosed, stranger.text);
    await cluster.close();
  });
}

test('whoever connects and says nothing is sent away', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1', [], 'name: C, authorization { user: r, password: s, timeout: 1 }');
  const stranger = await told(cluster, '', 1500);
  assert.match(stranger.text, /-ERR 'Authentication Timeout'/);
  await cluster.close();
});

test('without a password to ask for it may take longer, but not for ever', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1');
  const stranger = await told(cluster, '', 2 * MINUTE);
  assert.ok(stranger.isClosed);
  await cluster.close();
});

test('a server of the old kind needs no more than two lines', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1');
  const near: SimulatedClient = cluster.client('n1');
  near.say('SUB from.old 1\r\n');
  const stranger = await told(cluster, `${CONNECT}${INFO}RS+ $G to.old\r\nRMSG $G from.old 2\r\nhi\r\n`);
  near.publish('to.old', 'x');
  await cluster.run(100);
  assert.equal(near.heard('1'), ['hi']);
  assert.match(stranger.text, 'RS+ $G from.old\r\n');
  assert.match(stranger.text, 'RMSG $G to.old 1\r\nx\r\n');
  assert.not(stranger.isClosed);
  await cluster.close();
});

/** The first words of a server that has a pool. */
function pooled(poolSize: number, more = ''): string {
  return `${CONNECT}${INFO.replace('"headers"', `"lnocu":true,"route_pool_size":${poolSize},${more}"headers"`)}`;
}

test('a server that has a larger pool now gets all its places, though its old connections still stand', async () => {
  const cluster = new SimulatedCluster(chooseSeed());
  await cluster.start('n1');
  const old = await told(cluster, `${pooled(3)}RS+ $G a\r\n`);
  const places = [];
  for (const place of ['', '"route_pool_idx":3,', '"route_pool_idx":4,']) {
    places.push(await told(cluster, `${pooled(5, place)}PING\r\n`));
  }
  assert.ok(old.isClosed);
  assert.equal(
    places.map(({ isClosed, text }) => !isClosed && text.includes('PONG')),
    [true, true, true],
  );
  await cluster.close();
});

for (const [what, said, isHeard] of [
  ['before anything was said on it counts for what the pool said', '', true],
  ['takes what was said on it along', 'RS+ b\r\n', false],
] as const) {
  test(`an account's own connection that is given up ${what}`, async () => {
    const cluster = new SimulatedCluster(chooseSeed());
    await cluster.start(
      'n1',
      [],
      'name: C, accounts: [APP]',
      'accounts { APP { users: [{user: app, password: app}] } }',
    );
    const pool = await told(cluster, `${pooled(3)}RS+ APP a\r\nLS+ _ APP a.leaf\r\n`);
    const own = await told(cluster, `${pooled(3, '"route_account":"APP",')}PING\r\n${said}`);
    assert.match(own.text, 'PONG');
    own.leave();
    await cluster.run(500);
    const client = cluster.client('n1', 'app');
    const publish = async (): Promise<void> => {
      for (const subject of ['a', 'a.leaf', 'b']) client.publish(subject, 'x');
      await cluster.run(100);
    };
    await publish();
    pool.say('LS- _ APP a.leaf\r\n');
    await cluster.run(100);
    await publish();
    const heads = [...pool.text.matchAll(/^RMSG APP (\S+)/gm)].map((match) => match[1]);
    assert.equal(heads, isHeard ? ['a', 'a.leaf', 'a'] : []);
    await cluster.close();
  });
}

test.run();
