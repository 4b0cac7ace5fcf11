/** Clusters of three: servers of this project and genuine ones, that heard of each other from one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../kits/until.ts';
import { clientOf, type Node, settled, startNode, untilHeard, withNodes } from '../plugins/route/nodes.ts';
import { ACCOUNTS } from '../plugins/route/pair-behaviours.ts';
import type { RawClient } from '../plugins/running-server.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

const LIMITED = ACCOUNTS.replace('APP {', 'APP { limits: {max_conn: 2},').replace('no_auth_user: app', '');
const TLS = 'name: C, tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem", ca_file: "@tls/ca.pem" }';

type Trio = readonly [own: Node, genuine: Node, third: Node];

/** The third knows the first only. */
async function trio(
  add: (node: Promise<Node>) => Promise<Node>,
  programs: readonly [string, string, string],
  text = ACCOUNTS,
  cluster = 'name: C',
): Promise<Trio> {
  const one = await add(startNode('A', { text, cluster }, programs[0]));
  const other = await add(startNode('B', { text, cluster, routes: [one.clusterPort] }, programs[1]));
  const third = await add(startNode('D', { text, cluster, routes: [one.clusterPort] }, programs[2]));
  return [one, other, third];
}

function answersIn(client: RawClient): { server: { name: string }; statsz: { active_servers?: number } }[] {
  return [...client.text.matchAll(/MSG inbox 1 +\d+\r\n(\{.*\})\r\n/g)].map(([, body]) => JSON.parse(body!));
}

async function everyoneHearsEveryone(nodes: Trio): Promise<void> {
  const clients = await Promise.all(nodes.map((node) => clientOf(node, 'app')));
  for (const client of clients) client.send('SUB all 1\r\n');
  for (const publisher of clients) {
    for (const subscriber of clients) if (publisher !== subscriber) await untilHeard(publisher, subscriber, 'all');
  }
  for (const client of clients) client.text = '';
  for (const [index, client] of clients.entries()) client.send(`PUB all 2\r\nm${index}\r\n`);
  await until(() => clients.every(({ text }) => text.split('MSG all').length > 3));
  await settled(...clients);
  for (const { text } of clients) {
    assert.equal([...text.matchAll(/MSG all 1 2\r\n(..)/g)].map(([, body]) => body).sort(), ['m0', 'm1', 'm2']);
  }
  for (const { socket } of clients) socket.destroy();
}

for (const { program, version } of targets) {
  const places: readonly (readonly [string, string, string])[] = [
    ['', program, ''],
    [program, '', ''],
    ['', program, program],
    [program, program, ''],
  ];
  for (const programs of places) {
    const who = programs.map((one) => (one === '' ? 'gnatlet' : `nats-server ${version}`)).join(', ');
    test(`all hear all once: ${who}`, () => withNodes(async (add) => everyoneHearsEveryone(await trio(add, programs))));
  }

  test(`all answer a ping, and know how many there are: nats-server ${version}`, () =>
    withNodes(async (add) => {
      const nodes = await trio(add, ['', program, '']);
      for (const node of nodes) {
        const operator = await clientOf(node, 'sys');
        operator.send('SUB inbox 1\r\n');
        await until(async () => {
          operator.text = '';
          operator.send('PUB $SYS.REQ.SERVER.PING inbox 0\r\n\r\n');
          for (let round = 0; round < 40; round++) await settled(operator);
          const answers = answersIn(operator);
          return answers.length >= 3 && answers.every(({ statsz }) => (statsz.active_servers ?? 3) === 3);
        });
        assert.equal(
          answersIn(operator)
            .map(({ server }) => server.name)
            .slice(0, 3)
            .sort(),
          ['A', 'B', 'D'],
        );
        operator.socket.destroy();
      }
    }));

  test(`an account has its limit of connections over all servers: nats-server ${version}`, () =>
    withNodes(async (add) => {
      const [own, genuine] = await trio(add, ['', program, ''], LIMITED);
      const operator = await clientOf(own, 'sys');
      const first = await clientOf(genuine, 'app');
      const second = await clientOf(own, 'app');
      await until(() => own.server!.broker.accounts.get('APP')!.remoteConnections === 1);
      const third = await clientOf(own, 'app').catch((error: Error) => error);
      assert.match(String(third instanceof Error ? third.message : third.text), /maximum account active connections/);
      for (const { socket } of [operator, first, second]) socket.destroy();
    }));

  test(`certificates are shown both ways: nats-server ${version}`, () =>
    withNodes(async (add) => everyoneHearsEveryone(await trio(add, ['', program, ''], ACCOUNTS, TLS))));

  test(`the same with passwords, permissions and accounts of their own: nats-server ${version}`, () =>
    withNodes(async (add) => {
      const block = [
        'name: C, authorization { user: r, password: "s:/@" }',
        'permissions { import: ["all", "_INBOX.>", "$SYS.>"], export: ["all", "_INBOX.>", "$SYS.>"] }',
      ].join('\n');
      const cluster = `${block}\n${Number(version.split('.')[1]) > 9 ? 'accounts: [APP]' : ''}`;
      const one = await add(startNode('A', { text: ACCOUNTS, cluster }));
      const login = { text: ACCOUNTS, cluster, routes: [one.clusterPort], login: `r:${encodeURIComponent('s:/@')}` };
      const other = await add(startNode('B', login, program));
      const third = await add(startNode('D', login));
      await everyoneHearsEveryone([one, other, third]);
      const [near, far] = [await clientOf(one, 'app'), await clientOf(other, 'app')];
      far.send('SUB other 1\r\nSUB all 2\r\n');
      await untilHeard(near, far, 'all');
      near.send('PUB other 1\r\nx\r\nPUB all 1\r\ny\r\n');
      await far.until(/MSG all 2 1\r\ny/);
      assert.not.match(far.text, 'MSG other');
      near.socket.destroy();
      far.socket.destroy();
    }));
}

test.run();
