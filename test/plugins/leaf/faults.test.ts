/** What may go wrong between hubs and leafs, and how it ends: in simulated time, from a seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { Impostor, leafnodes, linesOf, SimulatedTree } from './simulated-tree.ts';

const MINUTE = 60_000;
const INFO =
  'INFO {"server_id":"X","server_name":"X","version":"2.15.1","proto":3,"headers":true,"max_payload":1048576,"client_id":5,"nonce":"n","info_on_connect":true,"leafnode_urls":["hub:7422"]} \r\n';

async function pairOf(remote = '', more = '', seed = chooseSeed()): Promise<SimulatedTree> {
  const tree = new SimulatedTree(seed);
  await tree.start('hub', leafnodes('hub'));
  await tree.start('leaf', leafnodes('leaf', ['hub'], more, remote));
  return tree;
}

const isJoined = (tree: SimulatedTree): boolean => tree.links().every((count) => count === 1);

test('a hub that falls silent is given up, tried again, and found when it speaks; nothing is lost', async () => {
  const tree = await pairOf();
  await tree.untilSo(() => isJoined(tree));
  const far = tree.client('leaf');
  far.say('SUB a 1\r\nSUB q g 2\r\n');
  await tree.run(100);
  tree.sim.network.split('hub', 'leaf');
  await tree.untilSo(
    () => tree.links()[0] === 0 && linesOf(tree.nodes.get('leaf')!, 'Error trying').length > 0,
    MINUTE,
  );
  await tree.run(5 * MINUTE);
  const attempts = linesOf(tree.nodes.get('leaf')!, 'Error trying to connect as leafnode').length;
  assert.ok(attempts > 60 && attempts < 250, `${attempts} attempts in five minutes`);
  tree.sim.network.join('hub', 'leaf');
  await tree.untilSo(() => isJoined(tree), 10_000);
  await tree.run(300);
  const near = tree.client('hub');
  await tree.run(50);
  near.publish('a', 'back');
  near.publish('q', 'again');
  await tree.run(100);
  assert.equal([far.heard('1'), far.heard('2')], [['back'], ['again']]);
  for (const node of tree.nodes.values()) assert.is(linesOf(node, 'closed: Stale Connection').length, 1, node.name);
  await tree.close();
});

test('a line that is cut over and over leaves nothing behind', async () => {
  const tree = await pairOf();
  await tree.untilSo(() => isJoined(tree));
  await tree.run(500);
  const before = tree.subscriptions();
  for (let round = 0; round < 60; round++) {
    tree.sim.network.cut('hub', 'leaf');
    await tree.run(50 + tree.sim.random.below(2500));
  }
  await tree.untilSo(() => isJoined(tree));
  await tree.run(3000);
  assert.equal(tree.subscriptions(), before);
  await tree.close();
});

test('a hub that dies and comes back as another process gets the interest again', async () => {
  const tree = await pairOf();
  await tree.untilSo(() => isJoined(tree));
  const far = tree.client('leaf');
  far.say('SUB a 1\r\n');
  const hub = tree.nodes.get('hub')!;
  for (let round = 0; round < 3; round++) {
    await tree.sim.until(hub.server.close());
    await tree.run(500);
    await tree.restart(hub);
    await tree.untilSo(() => isJoined(tree), 10_000);
    await tree.run(200);
    const near = tree.client('hub');
    await tree.run(50);
    near.publish('a', `round ${round}`);
    await tree.run(50);
  }
  assert.equal(far.heard('1'), ['round 0', 'round 1', 'round 2']);
  await tree.close();
});

test('whatever happens to the lines of a tree, no message is heard twice, and in the end all are heard', async () => {
  const seed = chooseSeed();
  const tree = new SimulatedTree(seed, { cutChance: 0.05 });
  await tree.start('top', leafnodes('top'));
  await tree.start('one', leafnodes('one', ['top']));
  await tree.start('two', leafnodes('two', ['top']));
  await tree.start('low', leafnodes('low', ['one']));
  const names = [...tree.nodes.keys()];
  const lines = [
    ['top', 'one'],
    ['top', 'two'],
    ['one', 'low'],
  ] as const;
  const isWhole = (): boolean => tree.links().join() === '2,2,1,1';
  await tree.untilSo(isWhole);
  const clients = names.map((name) => tree.client(name));
  for (const client of clients) client.say('SUB a 1\r\nSUB q g 2\r\n');
  await tree.run(300);
  const { network, random } = tree.sim;
  let number = 0;
  const publish = (): void => {
    for (const client of clients) {
      client.publish('a', `a${++number}`);
      client.publish('q', `q${++number}`);
    }
  };
  for (let round = 0; round < 120; round++) {
    const [one, other] = lines[random.below(lines.length)]!;
    const what = random.below(6);
    if (what === 0) network.cut(one, other);
    else if (what === 1) network.split(one, other);
    else if (what === 2) network.join(one, other);
    publish();
    await tree.run(random.below(600));
  }
  for (const [one, other] of lines) network.join(one, other);
  await tree.untilSo(isWhole);
  await tree.run(15_000);
  await tree.untilSo(isWhole);
  await tree.run(500);
  for (const client of clients) assert.is(repeated(client.heard('1')), undefined, `seed ${seed}: heard twice`);
  assert.is(repeated(clients.flatMap((client) => client.heard('2'))), undefined, `seed ${seed}: served twice`);
  for (const client of clients) client.text = '';
  publish();
  await tree.run(1000);
  for (const client of clients) assert.is(client.heard('1').length, names.length, `seed ${seed}`);
  assert.is(clients.flatMap((client) => client.heard('2')).length, names.length, `seed ${seed}`);
  await tree.close();
});

function repeated(heard: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return heard.find((body) => seen.size === seen.add(body).size);
}

test('whatever happens between a cluster of hubs and a cluster of leafs, nobody hears a message twice', async () => {
  const seed = chooseSeed();
  const tree = new SimulatedTree(seed, { cutChance: 0.05 });
  const cluster = (name: string, own: string, other: string): string =>
    `cluster { name: ${name}, host: ${own}, port: 6222, routes: ["nats://${other}:6222"], ping_interval: "2s" }`;
  await tree.start('a', `${cluster('HUBS', 'a', 'b')}\n${leafnodes('a')}`);
  await tree.start('b', `${cluster('HUBS', 'b', 'a')}\n${leafnodes('b')}`);
  // Each stays with its hub: who moves meets what was held up on its way to where it is now.
  const stays = 'ignore_discovered_servers: true';
  await tree.start('x', `${cluster('EDGE', 'x', 'y')}\n${leafnodes('x', ['a'], '', stays)}`);
  await tree.start('y', `${cluster('EDGE', 'y', 'x')}\n${leafnodes('y', ['b'], '', stays)}`);
  const names = [...tree.nodes.keys()];
  const clients = names.map((name) => tree.client(name));
  for (const client of clients) client.say('SUB m 1\r\nSUB q g 2\r\n');
  const { network, random } = tree.sim;
  const pairs = names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other] as const));
  let number = 0;
  const publish = (): void => {
    for (const client of clients) {
      client.publish('m', `m${++number}`);
      client.publish('q', `q${++number}`);
    }
  };
  await tree.run(5000);
  for (let round = 0; round < 120; round++) {
    const [one, other] = pairs[random.below(pairs.length)]!;
    const what = random.below(6);
    if (what === 0) network.cut(one, other);
    else if (what === 1) network.split(one, other);
    else if (what <= 3) network.join(one, other);
    publish();
    await tree.run(random.below(600));
  }
  for (const [one, other] of pairs) network.join(one, other);
  await tree.run(90_000);
  for (const client of clients) assert.is(repeated(client.heard('1')), undefined, `seed ${seed}: heard twice`);
  assert.is(repeated(clients.flatMap((client) => client.heard('2'))), undefined, `seed ${seed}: served twice`);
  let isWhole = false;
  for (let tries = 0; tries < 20 && !isWhole; tries++) {
    for (const client of clients) client.text = '';
    publish();
    await tree.run(3000);
    isWhole = clients.every((client) => client.heard('1').length === names.length);
  }
  assert.ok(isWhole, `seed ${seed}: ${clients.map((client) => client.heard('1').join()).join(' | ')}`);
  assert.is(clients.flatMap((client) => client.heard('2')).length, names.length, `seed ${seed}`);
  await tree.close();
});

test('a loop of leafs is broken, tried twice a minute at most, and nothing runs in circles', async () => {
  const seed = chooseSeed();
  const tree = new SimulatedTree(seed);
  await tree.start('a', leafnodes('a', ['b']));
  await tree.start('b', leafnodes('b', ['c']));
  await tree.start('c', leafnodes('c', ['a']));
  const clients = ['a', 'b', 'c'].map((name) => tree.client(name));
  for (const client of clients) client.say('SUB x 1\r\n');
  await tree.run(5 * MINUTE);
  const nodes = [...tree.nodes.values()];
  const found = nodes.flatMap((node) => linesOf(node, 'Loop detected'));
  assert.ok(found.length >= 1, 'it is said');
  const joined = nodes.flatMap((node) => linesOf(node, 'Connected leafnode to account')).length;
  assert.ok(joined >= 3 && joined <= 3 + 3 * 11, `${joined} connections in five minutes`);
  for (let count = 0; count < 50; count++) clients[count % 3]!.publish('x', `m${count}`);
  await tree.run(5000);
  for (const client of clients) assert.is(repeated(client.heard('1')), undefined, `seed ${seed}`);
  for (const { server } of nodes) {
    for (const { outMessages } of server.broker.links.values()) assert.ok(outMessages < 300, `${outMessages} sent on`);
  }
  await tree.close();
});

for (const [when, apartMs] of [
  ['that is closed by one line after the other', 3000],
  ['whose lines all come up at once', 0],
] as const) {
  test(`of a ring of leafs ${when} one line stays away, and the others serve`, async () => {
    const seed = chooseSeed();
    const tree = new SimulatedTree(seed);
    const names = ['a', 'b', 'c'];
    for (const [at, name] of names.entries()) {
      await tree.start(name, leafnodes(name, [names[(at + 1) % 3]!]));
      await tree.run(apartMs);
    }
    const clients = names.map((name) => tree.client(name));
    for (const client of clients) client.say('SUB x 1\r\n');
    // Lines that came at the same moment all go, and come back one by one, as far as chance will have it.
    await tree.run(2.5 * MINUTE);
    let count = 0;
    for (; count < 120; count++) {
      clients[count % 3]!.publish('x', `m${count}`);
      await tree.run(2000);
    }
    const nodes = [...tree.nodes.values()];
    for (const client of clients) {
      const heard = client.heard('1');
      assert.is(repeated(heard), undefined, `seed ${seed}: heard twice`);
      assert.is(heard.length, count, `seed ${seed}: nobody is cut off`);
    }
    const attempts = nodes.flatMap((node) => linesOf(node, 'Connected leafnode to account')).length;
    assert.ok(attempts <= 3 + 3 * 5 + 8, `seed ${seed}: ${attempts} connections in six and a half minutes`);
    const said = nodes.flatMap((node) => linesOf(node, /^error .*Loop detected/));
    assert.ok(said.length >= 2 && said.length <= 4 * 7, `${said.length} lines:\n${said.join('\n')}`);
    await tree.close();
  });
}

test('a leaf that connects to two servers which are connected keeps one of its lines', async () => {
  const seed = chooseSeed();
  const tree = new SimulatedTree(seed);
  await tree.start('a', leafnodes('a'));
  await tree.start('b', leafnodes('b', ['a']));
  await tree.run(2000);
  await tree.start('leaf', leafnodes('leaf', ['a', 'b']));
  await tree.run(2000);
  const clients = ['a', 'b', 'leaf'].map((name) => tree.client(name));
  for (const client of clients) client.say('SUB x 1\r\n');
  await tree.run(500);
  for (const [at, client] of clients.entries()) client.publish('x', `m${at}`);
  await tree.run(500);
  for (const client of clients) assert.equal(client.heard('1').sort(), ['m0', 'm1', 'm2'], `seed ${seed}`);
  await tree.close();
});

test('two leafs of one name take turns, one at a time and not faster than they may try', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const hub = await tree.start('hub', leafnodes('hub'));
  for (const name of ['one', 'two']) await tree.start(name, leafnodes(name, ['hub']), 'twin');
  await tree.run(MINUTE);
  assert.ok(hub.server.broker.links.size <= 2);
  const replaced = linesOf(hub, /^error .*Duplicate Remote LeafNode Connection/).length;
  assert.ok(replaced >= 1 && replaced <= 2, `${replaced} lines in a minute`);
  const turns = linesOf(hub, 'Leafnode connection created for account').length;
  assert.ok(turns > 20 && turns <= 62, `${turns} connections in a minute`);
  await tree.close();
});

test('a leaf that comes and goes all the time is told of a few times a minute', async () => {
  const tree = await pairOf();
  for (let round = 0; round < 110; round++) {
    await tree.untilSo(() => isJoined(tree));
    tree.sim.network.cut('hub', 'leaf');
    await tree.run(20);
  }
  for (const node of tree.nodes.values()) {
    const all = linesOf(node, /(Leafnode connection created for|Connected leafnode to|Leafnode connection closed)/);
    const told = all.filter((line) => line.startsWith('info '));
    assert.ok(all.length >= 200, `${node.name}: ${all.length}`);
    assert.ok(told.length >= 20 && told.length <= 50, `${node.name} says ${told.length} lines in two minutes`);
  }
  await tree.close();
});

for (const [which, max, stay] of [
  ['one less than there are', 1, 1],
  ['as many as there are', 2, 2],
  ['one more than there are', 3, 2],
] as const) {
  test(`leafs that two servers of a cluster let in at once: with a limit of ${which} ${stay} stay`, async () => {
    const tree = new SimulatedTree(chooseSeed());
    const app = `APP { users: [{user: app, password: app}], limits { max_leafnodes: ${max} } }`;
    const accounts = `accounts { ${app}, SYS { users: [{user: sys, password: sys}] } }\nsystem_account: SYS`;
    for (const [own, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const cluster = `cluster { name: HUBS, host: ${own}, port: 6222, routes: ["nats://${other}:6222"] }`;
      await tree.start(own, `${accounts}\n${cluster}\n${leafnodes(own)}`);
    }
    tree.sim.network.split('a', 'b');
    await tree.run(MINUTE);
    const stays = 'ignore_discovered_servers: true';
    for (const hub of ['a', 'b']) await tree.start(`${hub}1`, leafnodes(`${hub}1`, [`app:app@${hub}`], '', stays));
    await tree.run(3000);
    const present = (): number =>
      tree
        .links()
        .slice(2)
        .reduce((sum, count) => sum + count, 0);
    assert.is(present(), 2);
    tree.sim.network.join('a', 'b');
    await tree.run(MINUTE);
    const counts: number[] = [];
    for (let look = 0; look < 30; look++) {
      await tree.run(1000);
      counts.push(present());
    }
    assert.ok(
      counts.filter((count) => count === stay).length > 25,
      `seed ${tree.sim.seed}: ${counts.join(' ')} of them`,
    );
    const cut = ['a', 'b'].flatMap((name) => linesOf(tree.nodes.get(name)!, 'active connections exceeded'));
    assert.is(cut.length > 0, max < 2, cut.join('\n'));
    await tree.close();
  });
}

test('wrong credentials are said once a minute, and tried once a second', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const hub = await tree.start('hub', `authorization { user: right, password: right }\n${leafnodes('hub')}`);
  const leaf = await tree.start('leaf', leafnodes('leaf', ['right:wrong@hub']));
  await tree.run(2 * MINUTE);
  assert.ok(linesOf(hub, /^error .*authentication error/).length <= 3, hub.log.join('\n'));
  assert.ok(linesOf(leaf, /^error .*Authorization Violation/).length <= 3, leaf.log.join('\n'));
  const attempts = linesOf(hub, 'Leafnode connection created').length;
  assert.ok(attempts > 90 && attempts <= 122, `${attempts} attempts in two minutes`);
  assert.equal(tree.links(), [0, 0]);
  await tree.close();
});

const SILENT: readonly (readonly [what: string, greeting: string, says: string])[] = [
  ['who says nothing', '', 'did not say who it is'],
  ['who speaks something else', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'did not say who it is'],
  ['a port for clients', INFO.replace(/"info_on_connect".*\]/, '"go":"x"'), 'attempted to connect to wrong port'],
  ['a server without a number for the connection', INFO.replace('"client_id":5', '"client_id":0'), 'wrong port'],
];

for (const [what, greeting, says] of SILENT) {
  test(`${what}, is left after the time it has, and tried again`, async () => {
    const tree = new SimulatedTree(chooseSeed());
    const impostor = new Impostor(greeting);
    await impostor.listen(tree, 'hub');
    const leaf = await tree.start('leaf', leafnodes('leaf', ['hub']));
    await tree.run(MINUTE);
    assert.ok(impostor.count > 15 && impostor.count < 62, `${impostor.count} attempts`);
    const said = linesOf(leaf, says).filter((line) => line.startsWith('error'));
    assert.is(said.length, 1, said.join('\n'));
    assert.ok(impostor.closed >= impostor.count - 1);
    assert.is(impostor.text, '', 'nothing is said before the first INFO');
    await tree.close();
  });
}

test('a hub that never says where the leaf ended up is told so after two seconds', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const impostor = new Impostor(INFO);
  await impostor.listen(tree, 'hub');
  await tree.start('leaf', leafnodes('leaf', ['hub']));
  await tree.run(2500);
  assert.match(impostor.text, /^CONNECT \{.*\}\r\n-ERR 'Stale Leaf Node Connection - Closing'\r\n$/);
  await tree.close();
});

const DELAYS: readonly (readonly [said: string, seconds: number, byChance?: number])[] = [
  ['Loop detected for leafnode account="$G". Delaying attempt to reconnect for 30s', 30, 5],
  ['remote leafnode has same cluster name', 30, 5],
  ['connection rejected since minimum version required is "2.99.0"', 5],
  ['Authorization Violation', 1],
];

for (const [said, seconds, byChance = 0] of DELAYS) {
  test(`after "${said}" the next attempt waits ${seconds} s, and up to ${byChance} by chance`, async () => {
    const tree = new SimulatedTree(chooseSeed());
    const impostor = new Impostor(INFO);
    await impostor.listen(tree, 'hub');
    await tree.start('leaf', leafnodes('leaf', ['hub']));
    await tree.run(500);
    const [wire] = impostor.wires;
    wire!.write(Buffer.from(`-ERR '${said}'\r\n`));
    await tree.run(50);
    wire!.end();
    await tree.run(seconds * 1000 - 200);
    assert.is(impostor.count, 1, 'too early');
    await tree.untilSo(() => impostor.count === 2, byChance * 1000 + 500);
    await tree.close();
  });
}

test('an error alone does not end a connection', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const impostor = new Impostor(INFO);
  await impostor.listen(tree, 'hub');
  await tree.start('leaf', leafnodes('leaf', ['hub']));
  await tree.run(300);
  const [wire] = impostor.wires;
  const second = INFO.replace('"nonce":"n"', '"connect_info":true,"remote_account":"$G"');
  wire!.write(Buffer.from(`${second}-ERR 'Permissions Violation for Subscription to "x"'\r\n`));
  await tree.run(1500);
  assert.equal([impostor.count, impostor.closed], [1, 0]);
  assert.match(impostor.text, /LS\+ \$LDS\.\w{22}\r\n/);
  await tree.close();
});

test('addresses the hub tells of are tried first, then those of the configuration', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const first = new Impostor(INFO.replace('["hub:7422"]', '["hub:7422","other:7422"]'));
  const other = new Impostor(INFO);
  await first.listen(tree, 'hub');
  await other.listen(tree, 'other');
  await tree.start('leaf', leafnodes('leaf', ['u:p@hub']));
  await tree.run(500);
  first.wires[0]!.end();
  await tree.run(1500);
  assert.equal([first.count, other.count], [1, 1]);
  assert.match(other.text, '"user":"u","pass":"p"');
  await tree.close();
});

test('with ignore_discovered_servers they are not', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const first = new Impostor(INFO.replace('["hub:7422"]', '["hub:7422","other:7422"]'));
  const other = new Impostor(INFO);
  await first.listen(tree, 'hub');
  await other.listen(tree, 'other');
  await tree.start('leaf', leafnodes('leaf', ['hub'], '', 'ignore_discovered_servers: true'));
  await tree.run(500);
  first.wires[0]!.end();
  await tree.run(1500);
  assert.equal([first.count, other.count], [2, 0]);
  await tree.close();
});

test('connect_error_reports says which failures are worth a line before the first success', async () => {
  const tree = new SimulatedTree(chooseSeed());
  const leaf = await tree.start('leaf', `connect_error_reports: 10\n${leafnodes('leaf', ['nowhere'])}`);
  await tree.run(MINUTE);
  const numbers = linesOf(leaf, /^error .*Error trying to connect/).map((line) => /attempt (\d+)/.exec(line)?.[1]);
  assert.equal(numbers.slice(0, 4), ['1', '10', '20', '30']);
  await tree.close();
});

test.run();
