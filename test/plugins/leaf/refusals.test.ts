/** A hub, and a leaf that speaks bytes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { withNodes } from '../route/nodes.ts';
import { infoIn, RawClient } from '../running-server.ts';
import { hubText, type LeafNode, startLeafNode } from './nodes.ts';

const USERS = `
accounts { APP { users: [
  {user: app, password: app},
  {user: few, password: few, permissions: {
    publish: {allow: ["pub.>", "_INBOX.>"], deny: ["pub.no"]}, subscribe: {allow: ["sub.>"], deny: ["sub.no"]}}}
] } }
`;

async function withHub(use: (hub: LeafNode) => Promise<void>, text = hubText()): Promise<void> {
  await withNodes(async (add) => {
    const hub = startLeafNode('hub', text);
    await add(hub);
    await use(await hub);
  });
}

async function dial({ leafPort }: LeafNode): Promise<RawClient> {
  const leaf = await RawClient.connect(leafPort);
  await leaf.until(/INFO \{.*\} \r\n/);
  return leaf;
}

/** A leaf that is in. */
async function leafOf(hub: LeafNode, more: object = {}): Promise<RawClient> {
  const leaf = await dial(hub);
  leaf.text = '';
  leaf.send(`CONNECT ${JSON.stringify({ name: 'L', cluster: 'L', headers: true, protocol: 3, ...more })}\r\n`);
  await leaf.until(/"connect_info":true.*\} \r\n/);
  await leaf.until(/LS\+ \$LDS\.\S+\r\n/);
  return leaf;
}

const REFUSED: readonly (readonly [what: string, sent: string, said: string])[] = [
  ['PING first', 'PING\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['interest first', 'LS+ a\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['a message first', 'LMSG a 1\r\nx\r\n', "-ERR 'Authorization Violation'\r\n"],
  ['a cluster with a space', 'CONNECT {"cluster":"a b"}\r\n', "-ERR 'cluster name cannot contain spaces'\r\n"],
  ['a cluster that stands for none', 'CONNECT {"cluster":"_"}\r\n', "-ERR 'cluster name is reserved'\r\n"],
  ['a client', 'CONNECT {"lang":"x"}\r\n', "-ERR 'attempted to connect to leaf node port'\r\n"],
  ['a gateway', 'CONNECT {"gateway":"G"}\r\n', `-ERR 'Rejecting connection from gateway "G" on the leafnode port'\r\n`],
];

for (const [what, sent, said] of REFUSED) {
  test(`${what} is refused with the text that tools know`, () =>
    withHub(async (hub) => {
      const leaf = await dial(hub);
      leaf.text = '';
      leaf.send(sent);
      await leaf.untilClosed();
      assert.is(leaf.text, said);
    }));
}

test('who says nothing is sent away in time', () =>
  withHub(async (hub) => {
    const leaf = await dial(hub);
    leaf.text = '';
    await leaf.untilClosed();
    assert.is(leaf.text, "-ERR 'Authentication Timeout'\r\n");
  }, hubText('authorization { timeout: 0.05 }')));

test('a leaf that is too old is told the oldest there may be', () =>
  withHub(async (hub) => {
    const leaf = await dial(hub);
    leaf.text = '';
    leaf.send('CONNECT {"version":"2.9.10","name":"L"}\r\n');
    await leaf.untilClosed();
    assert.is(leaf.text, `-ERR 'connection rejected since minimum version required is "2.10.0"'\r\n`);
  }, hubText('min_version: "2.10.0"')));

test('INFO tells what leafs of every age look for', () =>
  withHub(async (hub) => {
    const info = infoIn((await dial(hub)).text);
    assert.ok((info.client_id as number) > 0);
    assert.equal(info.leafnode_urls, [`127.0.0.1:${hub.leafPort}`]);
    assert.equal([info.proto, info.headers, info.auth_required, info.info_on_connect], [3, true, true, true]);
    assert.ok(typeof info.nonce === 'string' && info.nonce !== '');
  }));

test('the second INFO says where the leaf is, and the interest follows', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    const info = infoIn(leaf.text);
    assert.equal([info.connect_info, info.remote_account, info.nonce], [true, '$G', undefined]);
    for (const subject of ['$SYS.REQ.ACCOUNT.PING.CONNZ', '$SYS.REQ.USER.INFO']) {
      assert.ok(leaf.text.includes(`LS+ ${subject}\r\n`), subject);
    }
  }));

test('the same leaf again takes the place of the one before', () =>
  withHub(async (hub) => {
    const first = await leafOf(hub, { remote_account: 'X' });
    first.text = '';
    const second = await leafOf(hub, { remote_account: 'X' });
    await first.untilClosed();
    assert.is(first.text, "-ERR 'Duplicate Remote LeafNode Connection'\r\n");
    assert.not(second.isClosed);
  }));

test('a loop is found and named', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    const [, loop] = /LS\+ (\$LDS\.\S+)\r\n/.exec(leaf.text) ?? [];
    leaf.text = '';
    leaf.send(`LS+ ${loop}\r\n`);
    await leaf.untilClosed();
    assert.match(
      leaf.text,
      `-ERR 'Loop detected for leafnode account="$G". Delaying attempt to reconnect for 30s'\r\n`,
    );
  }));

test('what a user may do is told to the leaf, and held', () =>
  withHub(async (hub) => {
    const login = { user: 'few', pass: 'few' };
    const leaf = await leafOf(hub, login);
    const info = infoIn(leaf.text);
    assert.equal(info.import, { allow: ['sub.>'], deny: ['sub.no'] });
    assert.equal(info.export, { allow: ['pub.>', '_INBOX.>'], deny: ['pub.no'] });
    leaf.send('LS+ sub.ok\r\nLS+ sub.>\r\nPING\r\n');
    await leaf.until(/PONG/);
    leaf.text = '';
    leaf.send('LS+ pub.a\r\n');
    await leaf.untilClosed();
    assert.match(leaf.text, `-ERR 'Permissions Violation for Subscription to "pub.a"'\r\n`);
    const other = await leafOf(hub, login);
    other.text = '';
    other.send('LMSG other.x 1\r\nx\r\n');
    await other.untilClosed();
    assert.match(other.text, `-ERR 'Permissions Violation for Publish to "other.x"'\r\n`);
  }, USERS + hubText()));

test('a pattern brings only what the user may have, and only what the leaf wants', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub, { user: 'few', pass: 'few', deny_pub: ['sub.unwanted'] });
    leaf.send('LS+ sub.>\r\nPING\r\n');
    await leaf.until(/PONG/);
    leaf.text = '';
    const client = await RawClient.connect(hub.port);
    client.send('CONNECT {"user":"app","pass":"app"}\r\n');
    for (const subject of ['sub.no', 'sub.unwanted', 'sub.yes']) client.send(`PUB ${subject} 1\r\nx\r\n`);
    await leaf.until(/LMSG sub\.yes 1\r\nx\r\n/);
    assert.not(/sub\.(no|unwanted)/.test(leaf.text));
    client.socket.destroy();
  }, USERS + hubText()));

test('wrong credentials are refused, and the log names no secret', () =>
  withHub(async (hub) => {
    const leaf = await dial(hub);
    leaf.text = '';
    leaf.send('CONNECT {"user":"app","pass":"a wrong secret","name":"L"}\r\n');
    await leaf.untilClosed();
    assert.is(leaf.text, "-ERR 'Authorization Violation'\r\n");
    assert.not(hub.log.join('\n').includes('a wrong secret'));
  }, USERS + hubText()));

test('users of the block count for leafs, and for nobody else', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub, { user: 'edge', pass: 'secret' });
    assert.is(infoIn(leaf.text).remote_account, 'APP');
    const wrong = await dial(hub);
    wrong.text = '';
    wrong.send('CONNECT {"user":"app","pass":"app"}\r\n');
    await wrong.untilClosed();
    const client = await RawClient.connect(hub.port);
    client.send('CONNECT {"user":"edge","pass":"secret"}\r\nPING\r\n');
    await client.untilClosed();
  }, USERS + hubText('authorization { users: [{user: edge, password: secret, account: APP}] }')));

test('a message that is too large ends the connection before it is all here', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    leaf.text = '';
    leaf.send('LMSG a 999999999\r\n');
    await leaf.untilClosed();
    assert.match(leaf.text, "-ERR 'Maximum Payload Violation'\r\n");
  }));

for (const bad of [
  'LS+ a g\r\n',
  'LS+ a g 1 2\r\n',
  'RS+ a\r\n',
  'PUB a 1\r\nx\r\n',
  'LMSG a\r\n',
  'HMSG a 9 3\r\nabc\r\n',
]) {
  test(`${JSON.stringify(bad)} ends the connection, and the hub goes on`, () =>
    withHub(async (hub) => {
      const leaf = await leafOf(hub);
      leaf.send(bad);
      await leaf.untilClosed();
      await leafOf(hub);
    }));
}

test('interest goes with its leaf', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    const other = await leafOf(hub, { name: 'M', cluster: 'M' });
    leaf.send('LS+ gone\r\n');
    await other.until(/LS\+ gone\r\n/);
    leaf.socket.destroy();
    await other.until(/LS- gone\r\n/);
  }));

test('leafs of one cluster are not told of each other, nor sent what the other said', () =>
  withHub(async (hub) => {
    const one = await leafOf(hub, { name: 'L1', cluster: 'EDGE' });
    const two = await leafOf(hub, { name: 'L2', cluster: 'EDGE' });
    const stranger = await leafOf(hub, { name: 'S', cluster: 'S' });
    one.send('LS+ news\r\n');
    await stranger.until(/LS\+ news\r\n/);
    two.send('LMSG news 1\r\nx\r\n');
    stranger.send('LMSG news 1\r\ny\r\n');
    await one.until(/LMSG news 1\r\ny\r\n/);
    assert.not(one.text.includes('LMSG news 1\r\nx'));
    assert.not(two.text.includes('LS+ news'));
  }));

test('a leaf that asks for it hears nothing of other leafs, yet is heard', () =>
  withHub(async (hub) => {
    const lone = await leafOf(hub, { name: 'lone', cluster: 'lone', isolate: true });
    const other = await leafOf(hub, { name: 'M', cluster: 'M' });
    other.send('LS+ theirs\r\nPING\r\n');
    lone.send('LS+ mine\r\n');
    await other.until(/LS\+ mine\r\n/);
    await other.until(/PONG/);
    lone.send('PING\r\n');
    await lone.until(/PONG/);
    assert.not(lone.text.includes('LS+ theirs'));
  }));

test('a group that a frame does not name gets nothing', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    const client = await RawClient.connect(hub.port);
    client.send('CONNECT {"verbose":false}\r\nSUB hq g 1\r\nSUB hq 2\r\nPING\r\n');
    await client.until(/PONG/);
    leaf.send('LMSG hq 1\r\na\r\nLMSG hq | g 1\r\nb\r\nLMSG hq + r other g 1\r\nc\r\n');
    await client.until(/MSG hq 2 r 1\r\nc\r\n/);
    const got = [...client.text.matchAll(/MSG hq (\d) (?:r )?1\r\n(.)/g)]
      .map(([, sid, body]) => `${sid}${body}`)
      .sort();
    assert.equal(got, ['1b', '1c', '2a', '2b', '2c']);
    client.socket.destroy();
  }));

const STREAM_HEAD = Buffer.from('\xff\x06\x00\x00S2sTwO', 'latin1');
/** A chunk that is not packed, whose checksum is not that of what it holds. */
const BAD_CHUNK = Buffer.concat([Buffer.from('010a0000deadbeef', 'hex'), Buffer.from('PING\r\n')]);

for (const [what, bytes] of [
  ['a checksum that is wrong', Buffer.concat([STREAM_HEAD, BAD_CHUNK])],
  ['plain text where it should be packed', Buffer.from('CONNECT {"name":"L"}\r\n')],
] as const) {
  test(`a packed stream with ${what} ends the connection, and nothing else`, () =>
    withHub(async (hub) => {
      const leaf = await dial(hub);
      leaf.send('INFO {"compression":"s2_fast"}\r\n');
      await leaf.until(/S2sTwO/);
      leaf.socket.write(bytes);
      await leaf.untilClosed();
      assert.is(hub.log.filter((line) => line.includes('the compressed stream cannot be read')).length, 1);
      await leafOf(hub);
    }));
}

test('a leaf may want as much as its account allows; the rest is refused, and the connection stays', () =>
  withHub(async (hub) => {
    const leaf = await leafOf(hub);
    const { broker } = hub.server!;
    leaf.text = '';
    for (const subject of ['a', 'b', 'c']) leaf.send(`LS+ ${subject}\r\n`);
    leaf.send('PING\r\n');
    await leaf.until(/PONG/);
    assert.not(leaf.text.includes('-ERR'));
    leaf.send('LS+ d\r\nPING\r\n');
    await leaf.until(/-ERR 'maximum subscriptions exceeded'\r\nPONG/);
    assert.is(broker.limitHits.subscriptions, 1);
    leaf.send('LS- a\r\nLS+ d\r\nPING\r\n');
    await leaf.until(/PONG\r\n$/);
    assert.is(broker.limitHits.subscriptions, 1);
  }, `max_subscriptions: 3\n${hubText()}`));

test('a leaf that does not read is given up when a write takes too long, and others are served meanwhile', () =>
  withHub(async (hub) => {
    const [slow, other] = [await leafOf(hub), await leafOf(hub, { name: 'M', cluster: 'M' })];
    slow.send('LS+ big\r\nPING\r\n');
    await slow.until(/PONG/);
    other.send('LS+ small\r\nPING\r\n');
    await other.until(/PONG/);
    slow.socket.pause();
    const [loud, quiet] = [await RawClient.connect(hub.port), await RawClient.connect(hub.port)];
    const body = 'x'.repeat(1_000_000);
    for (const client of [loud, quiet]) client.send('CONNECT {"verbose":false}\r\n');
    for (let count = 0; count < 40; count++) loud.send(`PUB big ${body.length}\r\n${body}\r\n`);
    quiet.send('PUB small 1\r\n!\r\n');
    await other.until(/LMSG small 1\r\n!/);
    await until(() => hub.log.some((line) => /Leafnode connection closed: Slow Consumer/.test(line)));
    for (const { socket } of [slow, loud, quiet]) socket.destroy();
  }, hubText('write_deadline: "200ms", write_timeout: close')));

test('a leaf that is gone leaves nothing behind', () =>
  withHub(async (hub) => {
    const { broker } = hub.server!;
    const before = broker.accounts.global.sublist.count;
    const leaf = await leafOf(hub);
    leaf.send('LS+ a\r\nLS+ b g 3\r\nPING\r\n');
    await leaf.until(/PONG/);
    assert.is(broker.accounts.global.sublist.count, before + 2);
    leaf.socket.destroy();
    await until(() => broker.accounts.global.sublist.count === before && broker.links.size === 0);
  }));

test.run();
