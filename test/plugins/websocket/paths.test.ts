import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin } from '../../../kernel/host/plugin-definition.ts';
import type { Receiver, Transport } from '../../../kernel/ports/transport.ts';
import type { PathClaim, Visit, WebSocketPaths } from '../../../plugins/websocket/contract.ts';
import { PathTable } from '../../../plugins/websocket/path-table.ts';
import { BROWSER, withWebSocket } from './raw-websocket.ts';

interface Guest {
  readonly transport: Transport;
  readonly visit: Visit;
  text: string;
  isClosed: boolean;
}

/** A plugin that speaks a protocol of its own: it says everything back in capitals. */
function shouter(claim: Partial<PathClaim>, guests: Guest[]) {
  return definePlugin({
    name: 'shouter',
    version: '1.0.0',
    api: [1],
    requires: [{ name: 'websocket.paths', cardinality: 'one' }],
    init(ctx) {
      const paths = ctx.use<WebSocketPaths>('websocket.paths');
      ctx.onDispose(
        paths.claim({
          suffix: '/shout',
          accept: (transport, visit) => serve(transport, visit, ctx.kernel.broker.arena.readBuffer, guests),
          ...claim,
        }),
      );
    },
  });
}

function serve(transport: Transport, visit: Visit, readBuffer: Buffer, guests: Guest[]): void {
  const guest: Guest = { transport, visit, text: '', isClosed: false };
  guests.push(guest);
  const hear = (text: string): void => {
    guest.text += text;
    transport.write(Buffer.from(text.toUpperCase(), 'latin1'));
    if (guest.text.includes('bye')) transport.end('Protocol Violation');
  };
  const receiver: Receiver = {
    onRead: (length) => hear(readBuffer.toString('latin1', 0, length)),
    onBytes: (bytes) => hear(Buffer.from(bytes).toString('latin1')),
    onWritten: () => {},
    onClosed: () => {
      guest.isClosed = true;
      transport.destroy();
    },
  };
  transport.start(receiver);
}

test('a plugin that claims a path gets its bytes and tells by its reason why it closes', async () => {
  const guests: Guest[] = [];
  await withWebSocket(
    'headers { X-A: "b" }',
    async ({ open }) => {
      const socket = await open({ path: '/tenant/shout?x=1', headers: ['X-Forwarded-For: 10.1.2.3'] });
      socket.send('hello');
      await socket.until(/^HELLO$/);
      const { visit, transport } = guests[0]!;
      assert.equal(visit, { path: '/tenant/shout', subprotocol: '', forwardedFor: '10.1.2.3' });
      assert.is(transport.kind, 'websocket');
      socket.send('bye');
      assert.equal(await socket.untilClosed(), { code: 1002, text: 'Protocol Violation' });
      const nats = await open({ path: '/shouting' });
      await nats.until(/^INFO/);
      nats.close();
      assert.is(guests.length, 1);
    },
    { others: [shouter({}, guests)] },
  );
  assert.ok(guests[0]!.isClosed);
});

test('MQTT clients are let in as soon as somebody claims their path, and are told their protocol if they offered it', async () => {
  const guests: Guest[] = [];
  const claim = { suffix: '/mqtt', subprotocols: ['mqtt', 'mqttv3.1'], acceptsText: false };
  await withWebSocket(
    '',
    async ({ open, log }) => {
      const plain = await open({ path: '/mqtt' });
      assert.not.match(plain.head, /protocol:/i);
      const offering = await open({ path: '/mqtt', headers: ['Sec-WebSocket-Protocol: x, mqttv3.1'] });
      assert.match(offering.head, /\r\nSec-Websocket-Protocol: mqttv3\.1\r\n/);
      const elsewhere = await open({ path: '/', headers: ['Sec-WebSocket-Protocol: mqtt', BROWSER] });
      assert.match(elsewhere.head, /\r\nSec-Websocket-Protocol: mqtt\r\n/);
      assert.equal(
        guests.map(({ visit }) => `${visit.path} ${visit.subprotocol}`),
        ['/mqtt ', '/mqtt mqttv3.1', '/ mqtt'],
      );
      elsewhere.send('binary');
      await elsewhere.until(/BINARY/);
      elsewhere.send('text', { opcode: 1 });
      assert.equal(await elsewhere.untilClosed(), { code: 1003, text: 'text frames are not accepted' });
      assert.ok(log.some((line) => /error 127\.0\.0\.1:\d+ - read error: text frames are not accepted/.test(line)));
      plain.close();
      offering.close();
    },
    { others: [shouter(claim, guests)] },
  );
});

test('leaf nodes are served as soon as somebody claims their path, unmasked if they like', async () => {
  const guests: Guest[] = [];
  await withWebSocket(
    '',
    async ({ open }) => {
      const socket = await open({ path: '/hub/leafnode', headers: ['Nats-No-Masking: true'] });
      socket.send('leaf', { key: null });
      await socket.until(/^LEAF$/);
      socket.close();
    },
    { others: [shouter({ suffix: '/leafnode' }, guests)] },
  );
});

test('a path belongs to one plugin, and is free again when it is given back', () => {
  const table = new PathTable();
  const claim = { suffix: '/a', accept: () => {} };
  const giveBack = table.claim(claim);
  assert.throws(() => table.claim({ ...claim }), /claimed by two plugins/);
  assert.throws(() => table.claim({ ...claim, suffix: '/' }), /no path that could be claimed/);
  assert.is(table.find('/x/a'), claim);
  giveBack();
  assert.is(table.find('/x/a'), null);
  table.claim(claim);
});

test.run();
