/** A hub, and a leaf that reaches it over WebSocket. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { withNodes } from '../route/nodes.ts';
import { LEAF_BEHAVIOURS } from './behaviours.ts';
import { addNode } from './clustered.ts';
import { hubText } from './nodes.ts';
import { startProxy, webPortOf, webSpokeText, webText } from './web-sockets.ts';

const WAYS: Readonly<Record<string, readonly [hub: string, remote: string]>> = {
  'as it comes': ['no_tls: true', ''],
  compressed: ['no_tls: true, compression: true', 'ws_compression: true'],
  'compressed where only the leaf wants it': ['no_tls: true', 'ws_compression: true'],
  'without masks': ['no_tls: true', 'ws_no_masking: true'],
  'compressed and without masks': ['no_tls: true, compression: true', 'ws_compression: true, ws_no_masking: true'],
};

for (const [way, [web, remote]] of Object.entries(WAYS)) {
  test(`over WebSocket hub and leaf serve as over TCP: ${way}`, () =>
    withNodes(async (add) => {
      const hub = await addNode(add, 'hub', `${webText(web)}\n${hubText()}`);
      const leaf = await addNode(add, 'leaf', webSpokeText(hub, remote));
      for (const play of Object.values(LEAF_BEHAVIOURS)) {
        await play(hub, leaf);
        await play(leaf, hub);
      }
    }));
}

test('wss:// proves who the hub is before a word is said, with a path in front of the usual one', () =>
  withNodes(async (add) => {
    const tls = 'tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem" }';
    const hub = await addNode(add, 'hub', `${webText(tls)}\n${hubText()}`);
    const url = `wss://127.0.0.1:${webPortOf(hub)}/behind/a/gate`;
    const leaf = await addNode(add, 'leaf', webSpokeText(hub, 'tls { ca_file: "@tls/ca.pem" }', url));
    await LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!(hub, leaf);
    const stranger = await addNode(add, 'stranger', webSpokeText(hub, '', url));
    await until(() => stranger.log.some((line) => /Error trying to connect as leafnode .*certificate/.test(line)));
  }));

test('a block `tls` makes a remote secure, whatever its URL says', () =>
  withNodes(async (add) => {
    const tls = 'tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem" }';
    const hub = await addNode(add, 'hub', `${webText(tls)}\n${hubText()}`);
    const leaf = await addNode(add, 'leaf', webSpokeText(hub, 'tls { ca_file: "@tls/ca.pem" }'));
    await LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!(hub, leaf);
  }));

test('a listener that hangs up instead of answering is told from one that is slow', () =>
  withNodes(async (add) => {
    const tls =
      'tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem", ca_file: "@tls/ca.pem", verify: true }';
    const hub = await addNode(add, 'hub', `${webText(tls)}\n${hubText()}`);
    const leaf = await addNode(add, 'leaf', webSpokeText(hub, 'tls { ca_file: "@tls/ca.pem" }'));
    await until(() => leaf.log.some((line) => line.includes('(attempt 1): the other side closed the connection')));
  }));

test('what is no WebSocket is said once, and tried again', () =>
  withNodes(async (add) => {
    const hub = await addNode(add, 'hub', `http: "127.0.0.1:-1"\n${hubText()}`);
    const address = hub.server!.host.capabilities.find('monitor.address')!.value as { urls(): string[] };
    const [url = ''] = address.urls();
    const leaf = await addNode(add, 'leaf', webSpokeText(hub, '', url.replace('http:', 'ws:')));
    await until(() => leaf.log.filter((line) => line.includes('Error trying to connect as leafnode')).length >= 3);
    const said = leaf.log.filter((line) => line.startsWith('error ') && line.includes('Error trying to connect'));
    assert.is(said.length, 1);
    assert.match(said[0]!, /404 Not Found instead of becoming a WebSocket/);
    assert.not(hub.log.some((line) => line.includes('Leafnode connection created for')));
  }));

test('through a proxy, with name and password where it asks for them', () =>
  withNodes(async (add) => {
    const proxy = await startProxy('user:secret');
    try {
      const hub = await addNode(add, 'hub', `${webText()}\n${hubText()}`);
      const url = `http://127.0.0.1:${proxy.port}`;
      const wrong = await addNode(add, 'wrong', webSpokeText(hub, `proxy { url: "${url}" }`));
      await until(() => wrong.log.some((line) => line.includes('proxy connection failed: 407')));
      const right = `proxy { url: "${url}", username: user, password: secret }`;
      const leaf = await addNode(add, 'leaf', webSpokeText(hub, right));
      await LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!(hub, leaf);
      assert.ok(proxy.requests.some((head) => head.startsWith(`CONNECT 127.0.0.1:${webPortOf(hub)} HTTP/1.1\r\n`)));
      assert.not(leaf.log.join('\n').includes('secret'));
    } finally {
      proxy.close();
    }
  }));

test('a proxy behind https:// proves who it is by what the block says', () =>
  withNodes(async (add) => {
    const proxy = await startProxy('', true);
    try {
      const hub = await addNode(add, 'hub', `${webText()}\n${hubText()}`);
      const url = `https://127.0.0.1:${proxy.port}`;
      const stranger = await addNode(add, 'stranger', webSpokeText(hub, `proxy { url: "${url}" }`));
      await until(() => stranger.log.some((line) => /certificate/i.test(line)));
      assert.equal(proxy.requests, []);
      const trusting = `proxy { url: "${url}", tls { ca_file: "@tls/ca.pem" } }`;
      const leaf = await addNode(add, 'leaf', webSpokeText(hub, trusting));
      await LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!(hub, leaf);
      assert.is(proxy.requests.length, 1);
    } finally {
      proxy.close();
    }
  }));

test('a list of plugins without the one for WebSockets is told which is missing', () =>
  withNodes(async (add) => {
    const hub = await addNode(add, 'hub', `${webText()}\n${hubText()}`);
    const leaf = await addNode(add, 'leaf', `plugins: [auth, leaf]\n${webSpokeText(hub)}`);
    await until(() => leaf.log.some((line) => line.includes('needs the plugin "websocket"')));
  }));

test.run();
