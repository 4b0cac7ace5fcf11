import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clientBehind, parseRange } from '../../../plugins/websocket/trusted-proxies.ts';
import { withWebSocket } from './raw-websocket.ts';

const TRUSTED = ['10.0.0.0/8', '192.168.4.0/22', '2001:db8::/32', '1.2.3.4'].map((text) => parseRange(text)!);

test('ranges are addresses with as many bits as they have', () => {
  for (const text of ['', '10', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '::/129', 'a/8', '1.2.3.4/8/8']) {
    assert.is(parseRange(text), null, text);
  }
  assert.equal(parseRange('::ffff:1.2.3.4')!.bits, 32);
  assert.equal(parseRange('0.0.0.0/0')!.bits, 0);
});

/** The peer, what it says, and who the client is. */
const CASES: [peer: string, forwarded: string[], client: string | null][] = [
  ['9.9.9.9', ['5.5.5.5'], null],
  ['10.1.1.1', [], null],
  ['10.1.1.1', ['5.5.5.5'], '5.5.5.5'],
  ['::ffff:10.1.1.1', ['5.5.5.5'], '5.5.5.5'],
  ['10.1.1.1', ['6.6.6.6, 5.5.5.5'], '5.5.5.5'],
  ['10.1.1.1', ['6.6.6.6', '5.5.5.5, 10.2.2.2'], '5.5.5.5'],
  ['10.1.1.1', ['10.3.3.3, 10.2.2.2'], '10.3.3.3'],
  ['192.168.7.255', ['2001:DB9::1'], '2001:db9::1'],
  ['192.168.8.0', ['5.5.5.5'], null],
  ['2001:db8:1::1', ['5.5.5.5, unknown'], null],
  ['1.2.3.4', ['unknown, 5.5.5.5'], '5.5.5.5'],
  ['1.2.3.4', ['unknown, 10.0.0.1'], '10.0.0.1'],
  ['1.2.3.5', ['5.5.5.5'], null],
  ['memory', ['5.5.5.5'], null],
];

test('the client is the last in the list who is no trusted proxy', () => {
  for (const [peer, forwarded, client] of CASES) {
    assert.is(clientBehind(peer, forwarded, TRUSTED), client, `${peer}: ${forwarded.join(' | ')}`);
  }
  assert.is(clientBehind('10.1.1.1', ['5.5.5.5'], []), null);
});

test('behind a trusted proxy the address is the client’s wherever it is shown', () =>
  withWebSocket('trusted_proxies: ["127.0.0.0/8"]', async ({ open, server }) => {
    const socket = await open({ headers: ['X-Forwarded-For: 6.6.6.6, 5.5.5.5'] });
    await socket.connect();
    assert.match(socket.stream, /"client_ip":"5\.5\.5\.5"/);
    const [connection] = server.broker.connections.values();
    assert.match(connection!.label, /^5\.5\.5\.5:0 - wid:/);
    assert.is(connection!.clientIp, '5.5.5.5');
    socket.close();
  }));

test.run();
