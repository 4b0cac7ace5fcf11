/** A leaf and its hub over time: logging in, losing each other, reloading. */

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';
import { encodePublicKey, encodeSeed, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import { until } from '../../kits/until.ts';
import { clientOf, type Node, untilHeard, withNodes } from '../route/nodes.ts';
import { hubText, type LeafNode, spokeText, startLeafNode } from './nodes.ts';

type Add = (node: Promise<Node>) => Promise<Node>;

async function addLeaf(add: Add, name: string, text: string): Promise<LeafNode> {
  const starting = startLeafNode(name, text);
  await add(starting);
  return starting;
}

async function joins(hub: Node, leaf: Node, user = ''): Promise<void> {
  const [near, far] = [await clientOf(hub, user), await clientOf(leaf)];
  far.send('SUB joined 1\r\n');
  await untilHeard(near, far, 'joined');
  near.socket.destroy();
  far.socket.destroy();
}

/** Seed and public key of a user. */
function newUser(): { seed: string; key: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url');
  return { seed: encodeSeed(NkeyKind.user, bytes(d)), key: encodePublicKey(NkeyKind.user, bytes(x)) };
}

test('a leaf logs in with the name and password of its URL', () =>
  withNodes(async (add) => {
    const users = 'accounts { APP { users: [{user: app, password: "a:b@c"}, {user: u, password: u}] } }';
    const hub = await addLeaf(add, 'hub', `${users}\n${hubText()}`);
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, '', 'app:a%3Ab%40c@'));
    await joins(hub, leaf, 'u');
  }));

test('a leaf logs in with a seed: what the hub asks for is signed', () =>
  withNodes(async (add) => {
    const { seed, key } = newUser();
    const hub = await addLeaf(
      add,
      'hub',
      `authorization { users: [{nkey: ${key}}, {user: u, password: u}] }\n${hubText()}`,
    );
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, `nkey: ${seed}`));
    await joins(hub, leaf, 'u');
    assert.not(leaf.log.join('\n').includes(seed));
  }));

test('a leaf logs in with the one key of the block', () =>
  withNodes(async (add) => {
    const { seed, key } = newUser();
    const hub = await addLeaf(add, 'hub', hubText(`authorization { nkey: ${key} }`));
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, `nkey: ${seed}`));
    await joins(hub, leaf);
  }));

test('a file of credentials that is none is said in the log, and tried again', () =>
  withNodes(async (add) => {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-creds-'));
    const path = join(folder, 'user.creds');
    writeFileSync(path, 'nothing of use');
    try {
      const hub = await addLeaf(add, 'hub', hubText());
      const leaf = await addLeaf(add, 'leaf', spokeText(hub, `credentials: "${path}"`));
      await until(() => leaf.log.some((line) => line.includes('holds no token with a seed')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test('wrong credentials are said once in the log of each side, with the reason', () =>
  withNodes(async (add) => {
    const hub = await addLeaf(add, 'hub', `authorization { users: [{user: a, password: a}] }\n${hubText()}`);
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, '', 'a:wrong@'));
    await until(() => leaf.log.some((line) => line.includes('Authorization Violation')));
    assert.ok(hub.log.some((line) => line.includes('authentication error')));
  }));

test('a hub that comes back is found again, and interest is as before', () =>
  withNodes(async (add) => {
    const first = await startLeafNode('hub', hubText());
    const leaf = await addLeaf(
      add,
      'leaf',
      `leafnodes { reconnect: "20ms", remotes: [{ url: "nats-leaf://127.0.0.1:${first.leafPort}" }] }`,
    );
    await joins(first, leaf);
    const far = await clientOf(leaf);
    far.send('SUB kept 1\r\n');
    await first.stop();
    const again = await addLeaf(add, 'hub', `leafnodes { host: 127.0.0.1, port: ${first.leafPort} }`);
    const near = await clientOf(again);
    await untilHeard(near, far, 'kept');
    near.socket.destroy();
    far.socket.destroy();
  }));

test('an account has no more leafs than its limit, and one less makes room', () =>
  withNodes(async (add) => {
    const accounts =
      'accounts { APP { users: [{user: app, password: app}], limits { max_leafnodes: 1 } } }\nno_auth_user: app';
    const hub = await addLeaf(add, 'hub', `${accounts}\n${hubText()}`);
    const one = await startLeafNode('one', spokeText(hub));
    await joins(hub, one);
    const two = await addLeaf(
      add,
      'two',
      `leafnodes { reconnect: "20ms", remotes: [{ url: "nats-leaf://127.0.0.1:${hub.leafPort}" }] }`,
    );
    await until(() => two.log.some((line) => line.includes('maximum account active connections exceeded')));
    await one.stop();
    await joins(hub, two);
  }));

test('denied subjects do not cross, each its way', () =>
  withNodes(async (add) => {
    const hub = await addLeaf(add, 'hub', hubText());
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, 'deny_imports: "in.no", deny_exports: "out.no"'));
    const [near, far] = [await clientOf(hub), await clientOf(leaf)];
    near.send('SUB out.* 1\r\n');
    far.send('SUB in.* 1\r\n');
    await untilHeard(near, far, 'in.yes');
    await untilHeard(far, near, 'out.yes');
    near.send('PUB in.no 1\r\n1\r\nPUB in.yes 1\r\n2\r\n');
    far.send('PUB out.no 1\r\n3\r\nPUB out.yes 1\r\n4\r\n');
    await far.until(/MSG in\.yes 1 1\r\n2/);
    await near.until(/MSG out\.yes 1 1\r\n4/);
    assert.not(/no/.test(`${near.text}${far.text}`.replaceAll('INFO', '')));
    near.socket.destroy();
    far.socket.destroy();
  }));

test('TLS is begun after INFO, or before it where both say so', () =>
  withNodes(async (add) => {
    const server = 'cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem"';
    for (const first of ['false', 'true']) {
      const hub = await addLeaf(add, `hub-${first}`, hubText(`tls { ${server}, handshake_first: ${first} }`));
      const tls = `tls { ca_file: "@tls/ca.pem", handshake_first: ${first} }`;
      const leaf = await addLeaf(add, `leaf-${first}`, spokeText(hub, tls));
      await joins(hub, leaf);
    }
  }));

test('the other way round: who connects is the hub', () =>
  withNodes(async (add) => {
    const accepting = await addLeaf(add, 'accepting', hubText());
    const connecting = await addLeaf(add, 'connecting', spokeText(accepting, 'hub: true'));
    await joins(accepting, connecting);
    await joins(connecting, accepting);
  }));

test('the monitor shows both sides', () =>
  withNodes(async (add) => {
    const hub = await addLeaf(add, 'hub', `http: "127.0.0.1:-1"\n${hubText()}`);
    const leaf = await addLeaf(add, 'leaf', spokeText(hub));
    await joins(hub, leaf);
    const address = hub.server!.host.capabilities.find('monitor.address')!.value as { urls(): string[] };
    const [url] = address.urls();
    const leafz = (await (await fetch(`${url}/leafz?subs=1`)).json()) as { leafs: Record<string, unknown>[] };
    const [shown] = leafz.leafs;
    assert.equal([shown?.name, shown?.account, shown?.is_spoke], ['leaf', '$G', false]);
    const varz = (await (await fetch(`${url}/varz`)).json()) as { leafnodes: number; leaf: { port: number } };
    assert.equal([varz.leafnodes, varz.leaf.port], [1, hub.leafPort]);
  }));

test('the monitor lists leafs among connections, open and closed', () =>
  withNodes(async (add) => {
    const accounts = 'accounts { APP { users: [{user: app, password: app}] } }';
    const hub = await addLeaf(add, 'hub', `http: "127.0.0.1:-1"\n${accounts}\n${hubText()}`);
    const leaf = await addLeaf(add, 'leaf', spokeText(hub, '', 'app:app@'));
    const client = await clientOf(leaf);
    client.send('SUB wanted 1\r\n');
    await untilHeard(await clientOf(hub, 'app'), client, 'wanted');
    const address = hub.server!.host.capabilities.find('monitor.address')!.value as { urls(): string[] };
    type Connz = { num_connections: number; connections: Record<string, unknown>[] };
    const connz = async (query: string): Promise<Record<string, unknown>[]> => {
      const answer = (await (await fetch(`${address.urls()[0]}/connz?auth=1&subs=1&${query}`)).json()) as Connz;
      assert.is(answer.num_connections, answer.connections.length);
      return answer.connections.filter(({ kind }) => kind === 'Leafnode');
    };
    for (const query of ['', 'acc=APP']) {
      const [shown = {}, ...more] = await connz(query);
      assert.equal(more, []);
      assert.equal([shown.name, shown.account, shown.authorized_user], ['leaf', 'APP', 'app']);
      const subjects = shown.subscriptions_list as string[];
      assert.ok(subjects.includes('wanted'));
      assert.is(subjects.length, shown.subscriptions);
    }
    await leaf.stop();
    await until(async () => (await connz('state=closed')).length === 1);
    assert.equal([(await connz('')).length, (await connz('state=closed'))[0]?.reason], [0, 'Client Closed']);
  }));

test('a token in the URL of a leaf is shown to nobody', () =>
  withNodes(async (add) => {
    const hub = await addLeaf(add, 'hub', `authorization { token: "sesame" }\n${hubText()}`);
    await addLeaf(add, 'leaf', spokeText(hub, '', 'sesame@'));
    await until(
      () => hub.server!.broker.links.size === 1 && [...hub.server!.broker.links][0]!.introduction?.isLetIn === true,
    );
    assert.is([...hub.server!.broker.links][0]!.introduction?.user, '[REDACTED]');
  }));

test('a broken block is refused with what is wrong with it, all at once', async () => {
  const text = `leafnodes {
  min_version: "2.7.0"
  remotes: [{ url: "nats://a:b:c", nkey: bad }, { url: "nats://x", hubb: true }]
}`;
  const error = await composeServer({ text, path: 'x.conf' }).then(
    () => null,
    (reason: Error) => reason,
  );
  const said = error?.message ?? '';
  for (const part of [
    'the minimum version should be at least 2.8.0',
    'error parsing leafnode url ["nats://a:b:c"]',
    'Remote leafnode nkey is not a valid seed',
    'unknown field "hubb"',
  ]) {
    assert.ok(said.includes(part), `${part}\n${said}`);
  }
});

const MISTAKES: readonly (readonly [block: string, says: string])[] = [
  ['remotes: [{ url: "nats://x", account: NONE }]', 'cannot find local account "NONE" specified in leafnode remote'],
  [
    'authorization { users: [{user: a, password: a, account: NONE}] }',
    'cannot find local account "NONE" specified in leafnode authorization',
  ],
  [
    'remotes: [{ urls: ["nats://x", "ws://y"] }]',
    'remote leaf node configuration cannot have a mix of websocket and non-websocket urls',
  ],
  ['remotes: [{ url: "nats://x", creds: a, nkey: SUACJXLEX7WXBHC5BEJUBYHHZDZE3ZGS7BKQGQDAKZGAQRSHPBBPJDIKAQ }]', ''],
  ['remotes: [{ url: "ws://x", proxy { url: "ftp://y" } }]', 'proxy URL scheme must be http or https, got: ftp'],
  [
    'remotes: [{ url: "ws://x", proxy { url: "http://y", tls { insecure: true } } }]',
    'proxy TLS configuration requires an https proxy URL, got: http',
  ],
  [
    'remotes: [{ url: "ws://x", proxy { url: "https://y", tls { handshake_first: true } } }]',
    '"handshake_first" is not supported for proxy TLS',
  ],
  ['compression: zstd', 'zstd'],
];

for (const [block, says] of MISTAKES) {
  test(`leafnodes { ${block} } is refused`, async () => {
    const error = await composeServer({ text: `leafnodes { ${block} }`, path: 'x.conf' }).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.ok(error?.message.includes(says), error?.message);
  });
}

test('accounts of the configuration and those that are always there may be named', async () => {
  const remotes = ['APP', '$G', '$SYS'].map((account) => `{ url: "nats://x", account: "${account}" }`).join(', ');
  const server = await composeServer({
    text: `accounts { APP {} }\nleafnodes { remotes: [${remotes}] }`,
    path: 'x.conf',
  });
  await server.close();
});

test.run();
