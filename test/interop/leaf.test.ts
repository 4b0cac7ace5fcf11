/** Hubs and leafs of this project and genuine ones, each with the other: no client may notice which is which. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../kits/until.ts';
import { ACCOUNT_STORIES } from '../plugins/leaf/accounts.ts';
import { LEAF_BEHAVIOURS } from '../plugins/leaf/behaviours.ts';
import { CLUSTER_STORIES } from '../plugins/leaf/clustered.ts';
import { hubText, type LeafNode, spokeText, startLeafNode } from '../plugins/leaf/nodes.ts';
import { changePermissions } from '../plugins/leaf/permission-change.ts';
import { WATCH_STORIES } from '../plugins/leaf/watched.ts';
import { webSpokeText, webText } from '../plugins/leaf/web-sockets.ts';
import { clientOf, type Node, settled, withNodes } from '../plugins/route/nodes.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');

const HERE = '';
const WEB_WAYS = [
  ['as it comes', 'no_tls: true', ''],
  ['compressed', 'no_tls: true, compression: true', 'ws_compression: true'],
  ['without masks', 'no_tls: true', 'ws_no_masking: true'],
] as const;

for (const { program, version } of targets) {
  const pairs = [
    [`nats-server ${version} is the hub`, program, HERE],
    [`nats-server ${version} is the leaf`, HERE, program],
  ] as const;
  for (const [which, hubProgram, leafProgram] of pairs) {
    for (const [what, play] of Object.entries(LEAF_BEHAVIOURS)) {
      test(`${what}: ${which}`, () =>
        withNodes(async (add) => {
          const hub = await addLeaf(add, startLeafNode('hub', hubText(), hubProgram));
          const leaf = await add(startLeafNode('leaf', spokeText(hub), leafProgram));
          await play(hub, leaf);
          await play(leaf, hub);
        }));
    }
  }

  for (const mode of ['off', 'accept', 's2_fast', 's2_better', 's2_best'] as const) {
    for (const [which, hubProgram, leafProgram] of pairs) {
      if (version.startsWith('2.9')) continue;
      test(`compression "${mode}" of the leaf suits the hub: ${which}`, () =>
        withNodes(async (add) => {
          const hub = await addLeaf(add, startLeafNode('hub', hubText(), hubProgram));
          const leaf = await add(startLeafNode('leaf', spokeText(hub, `compression: ${mode}`), leafProgram));
          await LEAF_BEHAVIOURS['a large message arrives whole']!(hub, leaf);
          await LEAF_BEHAVIOURS['a large message arrives whole']!(leaf, hub);
        }));
    }
  }

  for (const [what, play] of Object.entries(CLUSTER_STORIES)) {
    for (const [which, programs] of [
      ['one of the hubs', { a: HERE, b: program, leaf: HERE }],
      ['the other hub and the leaf', { a: program, b: HERE, leaf: program }],
    ] as const) {
      // It tells leafs of one cluster of each other's loop subjects, and so makes a loop of them.
      if (version.startsWith('2.9') && programs.a !== HERE && what.includes('towards its own hub')) continue;
      test(`${what}: nats-server ${version} is ${which}`, () => withNodes((add) => play(add, programs)));
    }
  }

  for (const [which, hubProgram, leafProgram] of pairs) {
    for (const [what, play] of Object.entries(ACCOUNT_STORIES)) {
      test(`${what}: ${which}`, () => withNodes((add) => play(add, hubProgram, leafProgram)));
    }
    for (const [what, play] of Object.entries(WATCH_STORIES)) {
      // Before that leafs had no traffic of their own in it, and events left out the account's title.
      if (Number(version.split('.')[1]) < 11) continue;
      test(`${what}: ${which}`, () => withNodes((add) => play(add, hubProgram, leafProgram)));
    }
    for (const [way, web, remote] of WEB_WAYS) {
      test(`over WebSocket, ${way}: ${which}`, () =>
        withNodes(async (add) => {
          const hub = await addLeaf(add, startLeafNode('hub', `${webText(web)}\n${hubText()}`, hubProgram));
          const leaf = await add(startLeafNode('leaf', webSpokeText(hub, remote), leafProgram));
          for (const play of Object.values(LEAF_BEHAVIOURS)) {
            await play(hub, leaf);
            await play(leaf, hub);
          }
        }));
    }
  }

  for (const [which, hubProgram, leafProgram] of pairs) {
    test(`who freezes is given up, and found when it goes on: ${which}`, () =>
      withNodes(async (add) => {
        const watchful = 'ping_interval: "1s"\n';
        const hub = await addLeaf(add, startLeafNode('hub', `${watchful}${hubText()}`, hubProgram));
        const leaf = await addLeaf(add, startLeafNode('leaf', `${watchful}${spokeText(hub)}`, leafProgram));
        const meet = LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!;
        await meet(hub, leaf);
        const [frozen, awake] = hubProgram === HERE ? [leaf, hub] : [hub, leaf];
        frozen.signal('SIGSTOP');
        await until(() => awake.log.some((line) => line.includes('Leafnode connection closed: Stale Connection')));
        frozen.signal('SIGCONT');
        await meet(hub, leaf);
      }));
  }

  for (const [which, hubProgram, leafProgram] of pairs) {
    test(`who is killed and started again is found, and interest is as before: ${which}`, () =>
      withNodes(async (add) => {
        const meet = LEAF_BEHAVIOURS['a message reaches subscribers on the other server once']!;
        const hub = await addLeaf(add, startLeafNode('hub', hubText(), hubProgram));
        const text = spokeText(hub);
        const leaf = await addLeaf(add, startLeafNode('leaf', text, leafProgram));
        await meet(hub, leaf);
        if (hubProgram === HERE) {
          await leaf.stop();
          await until(() => hub.log.some((line) => line.includes('Leafnode connection closed: Client Closed')));
          const again = await addLeaf(add, startLeafNode('leaf', text, leafProgram));
          await meet(hub, again);
          return;
        }
        await hub.stop();
        await until(() => leaf.log.some((line) => line.includes('Error trying to connect as leafnode')));
        const same = hubText().replace('port: -1', `port: ${hub.leafPort}`);
        const again = await addLeaf(add, startLeafNode('hub', same, hubProgram));
        await meet(again, leaf);
      }));
  }

  test(`a reload that gives a leaf other subjects holds at both ends: nats-server ${version} is the leaf`, () =>
    withNodes(async (add) => {
      assert.not(await changePermissions(add, program));
    }));

  test(`a request through a gateway is answered by a leaf, once: nats-server ${version} has the gateways`, () =>
    withNodes(async (add) => {
      const far = await addLeaf(add, startLeafNode('far', `${gatewayText('FAR')}\n${hubText()}`, program));
      const [, port] = /Listening for gateways connections on \S+:(\d+)/.exec(far.log.join('')) ?? [];
      const known = `gateways: [{ name: FAR, url: "nats://127.0.0.1:${port}" }]`;
      const near = await addLeaf(add, startLeafNode('near', gatewayText('NEAR', known), program));
      const leaf = await add(startLeafNode('leaf', spokeText(far)));
      const [asker, answerer] = [await clientOf(near), await clientOf(leaf)];
      answerer.send('SUB svc 1\r\n');
      asker.send('SUB inbox.* 2\r\n');
      await until(async () => {
        answerer.text = '';
        asker.send('PUB svc inbox.1 1\r\n?\r\n');
        await settled(asker, answerer);
        return answerer.text.includes('MSG svc 1 inbox.1 1\r\n?');
      });
      asker.text = '';
      answerer.send('PUB inbox.1 6\r\nanswer\r\n');
      await until(() => asker.text.includes('answer'));
      await settled(answerer, asker);
      assert.is(asker.text.split('MSG inbox.1 2 6\r\nanswer').length, 2, asker.text);
    }));

  test(`a leaf of a leaf hears the hub: nats-server ${version} is in the middle`, () =>
    withNodes(async (add) => {
      const hub = await addLeaf(add, startLeafNode('hub', hubText()));
      const middle = await addLeaf(add, startLeafNode('middle', middleText(hub), program));
      const leaf = await add(startLeafNode('leaf', spokeText(middle)));
      for (const play of Object.values(LEAF_BEHAVIOURS)) await play(hub, leaf);
    }));
}

function gatewayText(name: string, more = ''): string {
  return `accounts { SYS { users: [{user: sys, password: sys}] } }\nsystem_account: SYS\ngateway { name: ${name}, host: 127.0.0.1, port: -1, ${more} }`;
}

function middleText({ leafPort }: LeafNode): string {
  return `leafnodes { host: 127.0.0.1, port: -1, remotes: [{ url: "nats-leaf://127.0.0.1:${leafPort}" }] }`;
}

async function addLeaf(add: (node: Promise<Node>) => Promise<Node>, starting: Promise<LeafNode>): Promise<LeafNode> {
  await add(starting);
  return starting;
}

test.run();
