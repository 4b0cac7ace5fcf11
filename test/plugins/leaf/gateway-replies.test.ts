/** Requests that came to a hub through a gateway: a hub that speaks bytes, and clients of its leaf. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Broker } from '../../../kernel/plugin-api.ts';
import { composed } from '../../../kernel/routing/compose.ts';
import { RoutedReplies } from '../../../plugins/leaf/routed-replies.ts';
import { clientOf, settled, withNodes } from '../route/nodes.ts';
import { RawClient } from '../running-server.ts';
import { hubText, type LeafNode, startLeafNode } from './nodes.ts';
import { leafnodes, SimulatedTree } from './simulated-tree.ts';

const REPLY = '_GR_.DdEU99.iJSpHc._INBOX.a.1';

/** It connects, and is the hub all the same. */
async function withHub(use: (hub: RawClient, leaf: LeafNode) => Promise<void>): Promise<void> {
  await withNodes(async (add) => {
    const starting = startLeafNode('leaf', hubText());
    await add(starting);
    const leaf = await starting;
    const hub = await RawClient.connect(leaf.leafPort);
    await hub.until(/INFO \{.*\} \r\n/);
    const said = { name: 'hub', cluster: 'HUBS', headers: true, protocol: 3, is_hub: true };
    hub.send(`CONNECT ${JSON.stringify(said)}\r\nLS+ _GR_.>\r\nLS+ _INBOX.a.*\r\nPING\r\n`);
    await hub.until(/PONG\r\n/);
    await use(hub, leaf);
    hub.socket.destroy();
  });
}

async function asked(hub: RawClient): Promise<void> {
  hub.text = '';
  hub.send(`LMSG svc ${REPLY} 3\r\nreq\r\n`);
}

test('a client is shown the reply alone, and its answer goes back by the long form', () =>
  withHub(async (hub, leaf) => {
    const client = await clientOf(leaf);
    client.send('SUB svc 1\r\nPING\r\n');
    await hub.until(/LS\+ svc\r\n/);
    await asked(hub);
    await client.until(/MSG svc 1 _INBOX\.a\.1 3\r\nreq\r\n/);
    client.send('HPUB _INBOX.a.1 18 21\r\nNATS/1.0\r\nX: 1\r\n\r\nrsp\r\nPUB _INBOX.a.1 4\r\nmore\r\n');
    await hub.until(/more\r\n/);
    assert.is(
      hub.text,
      `HMSG ${REPLY} 18 21\r\nNATS/1.0\r\nX: 1\r\n\r\nrsp\r\nLMSG ${REPLY} 4\r\nmore\r\n`,
      'and the hub is not told that anybody listens for the answer',
    );
  }));

test('a member of a queue group is shown the same', () =>
  withHub(async (hub, leaf) => {
    const client = await clientOf(leaf);
    client.send('SUB svc group 1\r\n');
    await hub.until(/LS\+ svc group 1\r\n/);
    hub.text = '';
    hub.send(`LMSG svc + ${REPLY} group 3\r\nreq\r\n`);
    await client.until(/MSG svc 1 _INBOX\.a\.1 3\r\nreq\r\n/);
    client.send('PUB _INBOX.a.1 3\r\nrsp\r\n');
    await hub.until(/rsp\r\n/);
    assert.is(hub.text, `LMSG ${REPLY} 3\r\nrsp\r\n`);
  }));

test('a leaf behind this one gets the long form', () =>
  withHub(async (hub, leaf) => {
    const low = await RawClient.connect(leaf.leafPort);
    await low.until(/INFO \{.*\} \r\n/);
    low.send('CONNECT {"name":"low","cluster":"LOW","headers":true,"protocol":3}\r\nLS+ svc\r\n');
    await hub.until(/LS\+ svc\r\n/);
    await asked(hub);
    await low.until(new RegExp(`LMSG svc ${REPLY.replaceAll('.', '\\.')} 3\\r\\nreq\\r\\n`));
    low.send(`LMSG ${REPLY} 3\r\nrsp\r\n`);
    await hub.until(/rsp\r\n/);
    assert.is(hub.text, `LMSG ${REPLY} 3\r\nrsp\r\n`);
    low.socket.destroy();
  }));

test('what nobody was asked for does not go there', () =>
  withHub(async (hub, leaf) => {
    const client = await clientOf(leaf);
    hub.text = '';
    client.send(`PUB _INBOX.a.1 1\r\nx\r\nPUB ${REPLY} 1\r\nx\r\n`);
    await settled(client);
    assert.match(client.text, `Permissions Violation for Publish to "${REPLY}"`);
    hub.send('PING\r\n');
    await hub.until(/PONG\r\n/);
    assert.is(hub.text.replace('PONG\r\n', ''), 'LMSG _INBOX.a.1 1\r\nx\r\n', 'which it wants as it is');
  }));

const LIMITS = { repliesMax: 3, replyMs: 60_000 };

async function withReplies(use: (replies: RoutedReplies, tree: SimulatedTree, broker: Broker) => Promise<void>) {
  const tree = new SimulatedTree(1);
  const { server } = await tree.start('here', leafnodes('here'));
  const { broker } = server;
  broker.publisher.subscribe(broker.accounts.global, 'svc', '', () => true);
  const replies = new RoutedReplies(broker, LIMITS);
  await use(replies, tree, broker);
  replies.close();
  await tree.sim.until(server.close());
}

function ask(replies: RoutedReplies, { accounts }: Broker, reply: string): void {
  const message = composed({ subject: 'svc', reply: `_GR_.DdEU99.iJSpHc.${reply}` });
  assert.ok(replies.delivers(accounts.global, accounts.global.sublist.matchSubject('svc'), message));
}

test('what was asked for is forgotten after its time', () =>
  withReplies(async (replies, tree, broker) => {
    const { sublist } = broker.accounts.global;
    ask(replies, broker, 'a');
    await tree.run(LIMITS.replyMs / 2);
    ask(replies, broker, 'b');
    await tree.run(LIMITS.replyMs / 2 + 1);
    assert.equal([sublist.hasInterest('a'), sublist.hasInterest('b')], [false, true]);
    await tree.run(LIMITS.replyMs);
    assert.not.ok(sublist.hasInterest('b'));
  }));

test('of more than there may be the oldest are forgotten', () =>
  withReplies(async (replies, _tree, broker) => {
    const { sublist } = broker.accounts.global;
    const before = sublist.count;
    const { repliesMax } = LIMITS;
    for (let count = 0; count < repliesMax; count++) {
      ask(replies, broker, `r.${count}`);
      assert.equal([sublist.count, replies.forgotten], [before + count + 1, 0]);
    }
    ask(replies, broker, 'one.more');
    assert.equal([sublist.count, replies.forgotten], [before + repliesMax, 1]);
    assert.equal(
      ['r.0', 'r.1', 'one.more'].map((subject) => sublist.hasInterest(subject)),
      [false, true, true],
    );
  }));

test.run();
