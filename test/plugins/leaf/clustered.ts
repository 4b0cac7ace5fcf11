/** Hubs and leafs that form clusters: who is told of whom, and that no message takes two ways. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { bodiesIn, clientOf, type Node, settled, untilHeard } from '../route/nodes.ts';
import { infoIn, RawClient } from '../running-server.ts';
import { hubText, type LeafNode, spokeText, startLeafNode } from './nodes.ts';

export type Add = (node: Promise<Node>) => Promise<Node>;

export async function addNode(add: Add, name: string, text: string, program = ''): Promise<LeafNode> {
  const starting = startLeafNode(name, text, program);
  await add(starting);
  return starting;
}

/** What a server of a cluster says of that cluster. */
export function clusterText(cluster: string, known: readonly Node[] = []): string {
  const urls = known.map(({ clusterPort }) => `"nats://127.0.0.1:${clusterPort}"`).join(', ');
  return `cluster { name: ${cluster}, host: 127.0.0.1, port: -1, routes: [${urls}] }`;
}

export interface Programs {
  readonly a: string;
  readonly b: string;
  readonly leaf: string;
}

export interface HubCluster {
  readonly a: LeafNode;
  readonly b: LeafNode;
}

export async function hubCluster(add: Add, { a: first, b: second }: Programs): Promise<HubCluster> {
  const a = await addNode(add, 'A', `${clusterText('HUBS')}\n${hubText()}`, first);
  const b = await addNode(add, 'B', `${clusterText('HUBS', [a])}\n${hubText()}`, second);
  const [one, other] = [await clientOf(a), await clientOf(b)];
  other.send('SUB whole 1\r\n');
  await untilHeard(one, other, 'whole');
  closeAll(one, other);
  return { a, b };
}

type Story = (add: Add, programs: Programs) => Promise<void>;

export const CLUSTER_STORIES: Readonly<Record<string, Story>> = {
  'a message from a leaf reaches the other servers of the cluster once, and the answer comes back': async (
    add,
    programs,
  ) => {
    const { a, b } = await hubCluster(add, programs);
    const leaf = await addNode(add, 'leaf', spokeText(a), programs.leaf);
    const [near, far] = [await clientOf(b), await clientOf(leaf)];
    near.send('SUB from.leaf 1\r\nSUB ask 2\r\n');
    far.send('SUB from.hub 1\r\nSUB inbox 2\r\n');
    await untilHeard(far, near, 'from.leaf');
    await untilHeard(near, far, 'from.hub');
    far.send('PUB from.leaf 2\r\nup\r\nPUB ask inbox 1\r\n?\r\n');
    near.send('PUB from.hub 4\r\ndown\r\n');
    await near.until(/MSG ask 2 inbox 1\r\n\?/);
    near.send('PUB inbox 1\r\n!\r\n');
    await far.until(/MSG inbox 2 1\r\n!/);
    await settled(near, far);
    assert.equal([bodiesIn(near, '1'), bodiesIn(far, '1'), bodiesIn(far, '2')], [['up'], ['down'], ['!']]);
    closeAll(near, far);
  },

  'members of a group on the servers of a cluster come before those behind a leaf': async (add, programs) => {
    const { a, b } = await hubCluster(add, programs);
    const leaf = await addNode(add, 'leaf', spokeText(a), programs.leaf);
    const [one, other, far] = [await clientOf(a), await clientOf(b), await clientOf(leaf)];
    far.send('SUB q.* g 1\r\nSUB q.* alone 2\r\nSUB q.* 3\r\n');
    other.send('SUB q.* g 1\r\n');
    await untilHeard(one, far, 'q.x');
    await untilHeard(one, other, 'q.x');
    for (const client of [one, other, far]) client.text = '';
    for (let count = 10; count < 40; count++) one.send(`PUB q.x 2\r\n${count}\r\n`);
    await until(async () => {
      await settled(one, other, far);
      return bodiesIn(other, '1').length >= 30 && bodiesIn(far, '2').length >= 30 && bodiesIn(far, '3').length >= 30;
    });
    const counts = [bodiesIn(other, '1'), bodiesIn(far, '1'), bodiesIn(far, '2'), bodiesIn(far, '3')];
    assert.equal(
      counts.map(({ length }) => length),
      [30, 0, 30, 30],
    );
    closeAll(one, other, far);
  },

  'leafs that form a cluster on two hubs hear everything once, and nothing of themselves': async (add, programs) => {
    const { a, b } = await hubCluster(add, programs);
    const first = await addNode(add, 'L1', `${clusterText('EDGE')}\n${spokeText(a)}`, programs.leaf);
    const second = await addNode(add, 'L2', `${clusterText('EDGE', [first])}\n${spokeText(b)}`);
    const clients = [await clientOf(a), await clientOf(b), await clientOf(first), await clientOf(second)];
    for (const client of clients) client.send('SUB all 1\r\nSUB some g 2\r\n');
    await untilAllHear(clients);
    for (const client of clients) client.text = '';
    clients.forEach((client, at) => {
      client.send(`PUB all 1\r\n${at}\r\nPUB some 1\r\n${at}\r\n`);
    });
    await until(async () => {
      await settled(...clients);
      return clients.every((client) => bodiesIn(client, '1').length >= 4);
    });
    await settled(...clients, ...clients);
    for (const client of clients) assert.equal(bodiesIn(client, '1').sort(), ['0', '1', '2', '3']);
    const served = clients.flatMap((client) => bodiesIn(client, '2'));
    assert.equal(served.sort(), ['0', '1', '2', '3']);
    closeAll(...clients);
  },

  'leafs are told of every server of the cluster, and of those that leave': async (add, programs) => {
    const { a, b } = await hubCluster(add, programs);
    const leaf = await RawClient.connect(a.leafPort);
    await leaf.until(/INFO \{.*\} \r\n/);
    const all = [a, b].map(({ leafPort }) => `127.0.0.1:${leafPort}`).sort();
    assert.equal([...(infoIn(leaf.text).leafnode_urls as string[])].sort(), all);
    leaf.text = '';
    leaf.send('CONNECT {"name":"L","cluster":"L","headers":true,"protocol":3}\r\n');
    await leaf.until(/LS\+ \$LDS\.\S+\r\n/);
    leaf.text = '';
    await b.stop();
    await leaf.until(/INFO \{.*\} \r\n/);
    assert.equal(infoIn(leaf.text).leafnode_urls, [`127.0.0.1:${a.leafPort}`]);
    leaf.socket.destroy();
  },

  'what the leafs of one server want is no wish of the cluster towards its own hub': async (add, programs) => {
    const top = await addNode(add, 'top', hubText(), programs.a);
    const one = await addNode(add, 'M1', `${clusterText('MIDDLE')}\n${hubText()}\n`, programs.b);
    const remote = `remotes: [{ url: "nats-leaf://127.0.0.1:${top.leafPort}" }]`;
    const two = await addNode(add, 'M2', `${clusterText('MIDDLE', [one])}\n${hubText(remote)}`);
    const three = await addNode(add, 'M3', `${clusterText('MIDDLE', [one])}\n${hubText(remote)}`);
    const leaf = await addNode(add, 'low', spokeText(two), programs.leaf);
    const [high, low] = [await clientOf(top), await clientOf(leaf)];
    low.send('SUB work g 1\r\n');
    await untilHeard(high, low, 'work');
    const beside = await clientOf(three);
    await untilHeard(beside, low, 'work');
    low.text = '';
    for (let count = 10; count < 40; count++) high.send(`PUB work 2\r\n${count}\r\n`);
    await until(async () => {
      await settled(high, low);
      return bodiesIn(low, '1').length >= 30;
    });
    assert.is(bodiesIn(low, '1').length, 30);
    closeAll(high, low, beside);
  },
};

/** Each hears each; interest has come everywhere. */
async function untilAllHear(clients: readonly RawClient[]): Promise<void> {
  let round = 0;
  await until(async () => {
    round++;
    clients.forEach((client, at) => {
      const word = `r${round}.${at};`;
      client.send(`PUB all ${word.length}\r\n${word}\r\n`);
    });
    await settled(...clients);
    await settled(...clients);
    return clients.every(({ text }) => clients.every((_, at) => text.includes(`r${round}.${at};`)));
  });
  await settled(...clients);
}

function closeAll(...clients: RawClient[]): void {
  for (const { socket } of clients) socket.destroy();
}
