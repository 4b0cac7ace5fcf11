/** Routes that are packed: what comes of both sides' wishes, and that nobody notices otherwise. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { RouteConnection } from '../../../plugins/route/route-connection.ts';
import { DEFAULT_THRESHOLDS_MS } from '../../../protocols/link/compression-mode.ts';
import { until } from '../../kits/until.ts';
import { bodiesIn, clientOf, type Node, startNode, untilHeard, withNodes } from './nodes.ts';
import { ACCOUNTS, PAIR_BEHAVIOURS } from './pair-behaviours.ts';

/** Four connections: three for all accounts, one for the system account. */
const LINES = 4;

/** All that ever began, for nobody but the plugin itself can tell otherwise. */
const begun: RouteConnection[] = [];
const { begin } = RouteConnection.prototype;
RouteConnection.prototype.begin = function (this: RouteConnection, loginMs: number): void {
  begun.push(this);
  begin.call(this, loginMs);
};

function linesOf({ server }: Node): RouteConnection[] {
  return begun.filter(({ broker, isClosed }) => broker === server!.broker && !isClosed);
}

/** How all lines to the other server are packed, once they stand. */
async function modeOf(node: Node): Promise<string> {
  const stands = ({ remote }: RouteConnection): boolean => remote !== null;
  await until(() => linesOf(node).filter(stands).length === LINES);
  const modes = new Set(linesOf(node).map(({ packing, compression }) => packing?.mode ?? compression));
  return [...modes].join();
}

/** However slow this machine is at the moment, the other side is near. */
const AUTO = '{mode: s2_auto, rtt_thresholds: [1h, 2h, 3h]}';
const HOUR_MS = 3_600_000;
const clusterWith = (compression: string): string =>
  `name: C, compression: ${compression === 's2_auto' ? AUTO : compression}`;

/** Both sides' wishes, and how each of them packs what it sends. */
const WISHES: [one: string, other: string, oneMode: string, otherMode: string][] = [
  ['s2_fast', 's2_fast', 's2_fast', 's2_fast'],
  ['accept', 'accept', 'off', 'off'],
  ['accept', 's2_best', 's2_best', 's2_best'],
  ['s2_better', 'accept', 's2_better', 's2_better'],
  ['off', 's2_fast', 'off', 'off'],
  ['s2_fast', 'off', 'off', 'off'],
  ['s2_auto', 'accept', 's2_uncompressed', 's2_fast'],
  ['s2_fast', 's2_best', 's2_fast', 's2_best'],
];

for (const [wish, otherWish, mode, otherMode] of WISHES) {
  test(`${wish} here and ${otherWish} there makes ${mode} and ${otherMode}`, () =>
    withNodes(async (add) => {
      const one = await add(startNode('A', { cluster: clusterWith(wish) }));
      const other = await add(startNode('B', { cluster: clusterWith(otherWish), routes: [one.clusterPort] }));
      assert.is(await modeOf(one), mode);
      assert.is(await modeOf(other), otherMode);
      const near = await clientOf(one);
      const far = await clientOf(other);
      far.send('SUB a.* 1\r\n');
      await untilHeard(near, far, 'a.b');
      near.send('PUB a.c 5\r\nhello\r\n');
      await far.until(/MSG a\.c 1 5\r\nhello\r\n/);
      for (const client of [near, far]) client.socket.destroy();
    }));
}

for (const [what, play] of Object.entries(PAIR_BEHAVIOURS)) {
  test(`packed: ${what}`, () =>
    withNodes(async (add) => {
      const one = await add(startNode('A', { text: ACCOUNTS, cluster: clusterWith('s2_fast') }));
      const cluster = clusterWith('s2_auto');
      const other = await add(startNode('B', { text: ACCOUNTS, cluster, routes: [one.clusterPort] }));
      await play(one, other);
      await play(other, one);
    }));
}

test('lines that are encrypted are packed before that', () =>
  withNodes(async (add) => {
    const tls = 'tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem", ca_file: "@tls/ca.pem" }';
    const cluster = `${clusterWith('s2_fast')}, ${tls}`;
    const one = await add(startNode('A', { text: ACCOUNTS, cluster }));
    const other = await add(startNode('B', { text: ACCOUNTS, cluster, routes: [one.clusterPort] }));
    for (const node of [one, other]) assert.is(await modeOf(node), 's2_fast');
    for (const play of Object.values(PAIR_BEHAVIOURS)) await play(one, other);
    assert.ok(linesOf(one).every(({ transport }) => transport.kind === 'tls'));
  }));

test('the level follows the distance while messages go on, and a fixed one replaces it', () =>
  withNodes(async (add) => {
    const one = await add(startNode('A', { cluster: clusterWith('s2_auto') }));
    const other = await add(startNode('B', { cluster: clusterWith('s2_auto'), routes: [one.clusterPort] }));
    assert.is(await modeOf(one), 's2_uncompressed');
    const near = await clientOf(one);
    const far = await clientOf(other);
    far.send('SUB a.* 1\r\n');
    await untilHeard(near, far, 'a.b');
    const rounds: [rttMs: number, mode: string][] = [
      [4 * HOUR_MS, 's2_best'],
      [3 * HOUR_MS, 's2_better'],
      [2 * HOUR_MS, 's2_fast'],
      [1, 's2_uncompressed'],
    ];
    for (const [rttMs, mode] of rounds) {
      for (const line of linesOf(one)) {
        line.liveness.rtt = rttMs;
        for (let time = 0; time < 2; time++) line.adaptCompression();
        assert.is(line.packing?.mode, mode);
      }
      for (let index = 0; index < 100; index++) near.send(`PUB a.${index} 3\r\nabc\r\n`);
    }
    for (const line of linesOf(one)) line.changePacking({ mode: 's2_better', thresholdsMs: DEFAULT_THRESHOLDS_MS });
    for (const line of linesOf(one)) line.adaptCompression();
    assert.is(await modeOf(one), 's2_better');
    near.send('PUB a.end 3\r\nend\r\n');
    await far.until(/MSG a\.end 1 3\r\nend\r\n/);
    assert.is(bodiesIn(far, '1').length, 401);
    for (const client of [near, far]) client.socket.destroy();
  }));

test('what cannot be unpacked ends the line, and another takes its place', () =>
  withNodes(async (add) => {
    const one = await add(startNode('A', { cluster: clusterWith('s2_fast') }));
    const other = await add(startNode('B', { cluster: clusterWith('s2_fast'), routes: [one.clusterPort] }));
    assert.is(await modeOf(one), 's2_fast');
    const [line] = linesOf(one);
    line!.onBytes(Buffer.from('this is not packed at all'));
    assert.is(line!.closeReason, CloseReason.parseError);
    const said = one.log.find((text) => text.includes('the compressed stream cannot be read'));
    assert.match(said ?? '', /identifier-missing|chunk-unsupported|chunk-too-long|block-too-large/);
    await until(() => !linesOf(one).includes(line!) && linesOf(one).length === LINES);
    assert.is(await modeOf(other), 's2_fast');
  }));

test.run();
