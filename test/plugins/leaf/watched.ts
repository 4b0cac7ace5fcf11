/** What the system account is told of leafs, and what others let in goes by: the same whichever servers these are. */
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { clientOf, type Node, settled, untilHeard } from '../route/nodes.ts';
import type { RawClient } from '../running-server.ts';
import { RawClient as Client } from '../running-server.ts';
import { type Add, addNode, clusterText } from './clustered.ts';
import { hubText, type LeafNode, spokeText } from './nodes.ts';

const accounts = (limits = ''): string => `
accounts {
  APP { users: [{user: app, password: app}], limits { ${limits} } }
  SYS { users: [{user: sys, password: sys}] }
}
system_account: SYS
`;

/** A subject that watchers listen to: until it is heard elsewhere, events may get lost. */
const PROBE = '$SYS.ACCOUNT.PROBE.X';

interface Message {
  readonly subject: string;
  readonly body: Body;
}

interface Body {
  readonly client: Readonly<Record<string, unknown>>;
  readonly sent: { readonly msgs: number; readonly leafs?: { readonly msgs: number; readonly bytes: number } };
  readonly received: Body['sent'];
  readonly [key: string]: unknown;
}

function messagesIn({ text }: RawClient): Message[] {
  const found = [...text.matchAll(/H?MSG (\S+) \S+ [^\r]*\r\n(\{.*\})\r\n/g)];
  return found.map(([, subject = '', body = '']) => ({ subject, body: JSON.parse(body) as Body }));
}

async function untilTold(watcher: RawClient, subject: string, isIt: (body: Body) => boolean = () => true) {
  const find = (): Message | undefined =>
    messagesIn(watcher).find((message) => message.subject === subject && isIt(message.body));
  await until(() => find() !== undefined);
  return find()!.body;
}

/** What a client is told that asks. */
async function asked(client: RawClient, subject: string, body = ''): Promise<Body> {
  client.send(`SUB answer 7\r\nPUB ${subject} answer ${body.length}\r\n${body}\r\n`);
  const answer = await untilTold(client, 'answer');
  client.send('UNSUB 7\r\n');
  await settled(client);
  client.text = '';
  return answer;
}

async function watcherOf(node: Node): Promise<RawClient> {
  const watcher = await clientOf(node, 'sys');
  watcher.send('SUB $SYS.ACCOUNT.> 1\r\nSUB $SYS.SERVER.*.CLIENT.AUTH.ERR 2\r\nSUB $SYS.SERVER.ACCOUNT.> 3\r\n');
  await settled(watcher);
  watcher.text = '';
  return watcher;
}

function leafText(hub: LeafNode, login = 'app:app@'): string {
  return `${accounts()}\n${spokeText(hub, 'account: APP', login)}`;
}

/** What is the same each time. */
function steady({ start, id, host, rtt, stop, ver, ...rest }: Body['client']): object {
  assert.type(start, 'string');
  assert.is(host, '127.0.0.1');
  assert.type(id, 'number');
  return { ...rest, hasVersion: ver !== undefined, hasStopped: stop !== undefined };
}

async function isLetIn({ port }: Node): Promise<boolean> {
  const client = await Client.connect(port);
  client.send('CONNECT {"verbose":false,"user":"app","pass":"app"}\r\nPING\r\n');
  await client.until(/PONG\r\n|-ERR [^\r]*\r\n/);
  client.socket.destroy();
  return client.text.includes('PONG\r\n');
}

type Story = (add: Add, hubProgram: string, leafProgram: string) => Promise<void>;

export const WATCH_STORIES: Readonly<Record<string, Story>> = {
  'a leaf is told of as clients are, on both sides': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${accounts()}\n${hubText()}`, hubProgram);
    const watcher = await watcherOf(hub);
    const leaf = await addNode(add, 'leaf', leafText(hub), leafProgram);
    const other = await watcherOf(leaf);
    const { client, type } = await untilTold(watcher, '$SYS.ACCOUNT.APP.CONNECT');
    const known = { acc: 'APP', user: 'app', name: 'leaf', name_tag: 'APP', kind: 'Leafnode', hasVersion: true };
    assert.is(type, 'io.nats.server.advisory.v1.client_connect');
    assert.equal(steady(client), { ...known, hasStopped: false });
    const kicked = await asked(
      watcher,
      `$SYS.REQ.SERVER.${(await asked(watcher, '$SYS.REQ.SERVER.PING.IDZ')).id}.KICK`,
      `{"cid":${client.id}}`,
    );
    assert.is(kicked.error, undefined);
    const gone = await untilTold(other, '$SYS.ACCOUNT.APP.DISCONNECT');
    const own = { acc: 'APP', name_tag: 'APP', kind: 'Leafnode', hasVersion: false };
    assert.equal(steady(gone.client), { ...own, hasStopped: true });
    const back = await untilTold(other, '$SYS.ACCOUNT.APP.CONNECT');
    assert.equal(steady(back.client), { ...own, hasStopped: false });
    await untilTold(watcher, '$SYS.ACCOUNT.APP.CONNECT');
    await leaf.stop();
    const { client: last, reason } = await untilTold(watcher, '$SYS.ACCOUNT.APP.DISCONNECT');
    assert.equal(steady(last), { ...known, hasStopped: true });
    assert.type(reason, 'string');
  },

  'the leafs of an account count among its connections, and what they carried in its traffic': async (
    add,
    hubProgram,
    leafProgram,
  ) => {
    const hub = await addNode(add, 'hub', `${accounts()}\n${hubText()}`, hubProgram);
    const watcher = await watcherOf(hub);
    const leaf = await addNode(add, 'leaf', leafText(hub), leafProgram);
    for (const subject of ['$SYS.SERVER.ACCOUNT.APP.CONNS', '$SYS.ACCOUNT.APP.SERVER.CONNS']) {
      const { conns, leafnodes, total_conns } = await untilTold(watcher, subject);
      assert.equal([conns, leafnodes, total_conns], [0, 1, 1]);
    }
    const [near, far] = [await clientOf(hub, 'app'), await clientOf(leaf, 'app')];
    near.send('SUB up 1\r\n');
    await until(async () => {
      far.send('PUB up 3\r\nabc\r\n');
      await settled(far, near);
      return near.text.includes('abc');
    });
    type Statz = { account_statz: Body[] };
    const { account_statz: rows } = (await asked(watcher, '$SYS.REQ.ACCOUNT.APP.STATZ')).data as Statz;
    const { acc, conns, leafnodes, total_conns, received } = rows[0]!;
    assert.equal([acc, conns, leafnodes, total_conns], ['APP', 1, 1, 2]);
    const { msgs, bytes } = received.leafs!;
    assert.ok(msgs > 0 && bytes === 3 * msgs && received.msgs === msgs);
    watcher.text = '';
    await leaf.stop();
    await untilTold(watcher, '$SYS.SERVER.ACCOUNT.APP.CONNS', (body) => body.leafnodes === 0);
  },

  'a leaf that is not let in is told of by the name it gave': async (add, hubProgram, leafProgram) => {
    const hub = await addNode(add, 'hub', `${accounts()}\n${hubText()}`, hubProgram);
    const watcher = await watcherOf(hub);
    await addNode(add, 'leaf', leafText(hub, 'app:wrong@'), leafProgram);
    const id = (await asked(watcher, '$SYS.REQ.SERVER.PING.IDZ')).id;
    const { client, reason } = await untilTold(watcher, `$SYS.SERVER.${id}.CLIENT.AUTH.ERR`);
    const told = { acc: 'N/A', user: 'app', name: 'leaf', kind: 'Leafnode', hasVersion: true, hasStopped: true };
    assert.equal([steady(client), reason], [told, 'Authentication Failure']);
    assert.not.match(watcher.text, 'DISCONNECT');
  },

  'a leaf takes a place of its account where it is connected, and nowhere else': async (
    add,
    hubProgram,
    leafProgram,
  ) => {
    const limits = accounts('max_connections: 1');
    const a = await addNode(add, 'A', `${limits}\n${clusterText('HUBS')}\n${hubText()}`, hubProgram);
    const b = await addNode(add, 'B', `${limits}\n${clusterText('HUBS', [a])}\n${hubText()}`, leafProgram);
    const watcher = await watcherOf(b);
    await untilHeard(await clientOf(a, 'sys'), watcher, PROBE);
    await addNode(add, 'leaf', leafText(a), leafProgram);
    await untilTold(watcher, '$SYS.SERVER.ACCOUNT.APP.CONNS', (body) => body.leafnodes === 1);
    assert.equal([await isLetIn(a), await isLetIn(b)], [false, true]);
  },

  'a leaf goes when clients of other servers have taken all places of its account': async (
    add,
    hubProgram,
    leafProgram,
  ) => {
    const limits = accounts('max_connections: 1');
    const a = await addNode(add, 'A', `${limits}\n${clusterText('HUBS')}\n${hubText()}`, hubProgram);
    const b = await addNode(add, 'B', `${limits}\n${clusterText('HUBS', [a])}\n${hubText()}`, leafProgram);
    const [near, far] = [await watcherOf(a), await watcherOf(b)];
    await untilHeard(await clientOf(a, 'sys'), far, PROBE);
    await addNode(add, 'leaf', leafText(a), leafProgram);
    await untilTold(far, '$SYS.SERVER.ACCOUNT.APP.CONNS', (body) => body.leafnodes === 1);
    await clientOf(b, 'app');
    const { client, reason } = await untilTold(near, '$SYS.ACCOUNT.APP.DISCONNECT');
    assert.equal([client.kind, reason], ['Leafnode', 'Maximum Account Connections Exceeded']);
  },

  'an account has its limit of leafs over all servers of a cluster together': async (add, hubProgram, leafProgram) => {
    const limits = accounts('max_leafnodes: 1');
    const a = await addNode(add, 'A', `${limits}\n${clusterText('HUBS')}\n${hubText()}`, hubProgram);
    const b = await addNode(add, 'B', `${limits}\n${clusterText('HUBS', [a])}\n${hubText()}`, leafProgram);
    const watcher = await watcherOf(b);
    await untilHeard(await clientOf(a, 'sys'), watcher, PROBE);
    await addNode(add, 'one', leafText(a), leafProgram);
    await untilTold(watcher, '$SYS.SERVER.ACCOUNT.APP.CONNS', (body) => body.leafnodes === 1);
    const two = await addNode(add, 'two', leafText(b), hubProgram);
    await until(() => two.log.join('').includes("Leafnode Error 'maximum account active connections exceeded'"));
  },
};
