import { hashSync } from 'bcryptjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as operator } from '../../../plugins/operator/index.ts';
import { plugin as memory } from '../../../plugins/resolver-memory/index.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import { ACME, accountToken, BOB, operatorToken, SYSTEM, userToken } from '../operator/issuer.ts';
import { infoIn, RawClient, withServer } from '../running-server.ts';
import { type OpenOptions, type Served, withWebSocket } from './raw-websocket.ts';

const LIST = 'authorization { users: [{user: u, password: p}, {user: nobody, password: x}, {user: w, password: y}] }';

/** Whom a WebSocket client is let in as; null when it is refused. */
async function userAfter(served: Served, connect: object | null, options?: OpenOptions): Promise<string | null> {
  const socket = await served.open(options);
  if (connect === null) socket.send('PING\r\n');
  else socket.send(`CONNECT ${JSON.stringify({ verbose: false, ...connect })}\r\nPING\r\n`);
  const outcome = await socket.until(/PONG\r\n|-ERR '(.*)'/);
  const [connection] = served.server.broker.connections.values();
  const user = outcome[1] === undefined ? (connection as { identity?: { user: string } }).identity!.user : null;
  socket.close();
  while (served.server.broker.connections.size > 0) await new Promise(setImmediate);
  return user;
}

const cookie = (text: string): OpenOptions => ({ headers: [`Cookie: ${text}`] });

test('a user of the block is for WebSocket clients alone, and others need none', () =>
  withWebSocket('authorization { user: a, pass: b }', async (served) => {
    const socket = await served.open();
    assert.is(infoIn((await socket.until(/INFO .*\r\n/))[0]).auth_required, true);
    socket.close();
    assert.is(await userAfter(served, { user: 'a', pass: 'b' }), 'a');
    assert.is(await userAfter(served, { user: 'a', pass: 'c' }), null);
    assert.is(await userAfter(served, { user: 'b', pass: 'b' }), null);
    assert.is(await userAfter(served, {}), null);
    assert.is(await userAfter(served, null), null);
    const client = await RawClient.connect(served.port);
    client.send('PING\r\nCONNECT {"verbose":false}\r\nPING\r\n');
    await client.until(/PONG\r\n[\s\S]*PONG\r\n/);
    assert.is(infoIn(client.text).auth_required, undefined);
    client.socket.destroy();
  }));

test('a user of the block takes the place of the one of the server', () =>
  withWebSocket(
    `authorization { user: a, pass: "${hashSync('b', 4)}" }`,
    async (served) => {
      assert.is(await userAfter(served, { user: 'a', pass: 'b' }), 'a');
      assert.is(await userAfter(served, { user: 'server', pass: 'secret' }), null);
      const client = await RawClient.connect(served.port);
      client.send('CONNECT {"verbose":false,"user":"server","pass":"secret"}\r\nPING\r\n');
      await client.until(/PONG\r\n/);
      client.socket.destroy();
    },
    { top: 'authorization { user: server, pass: secret }' },
  ));

test('without overrides the authorization of the server counts', () =>
  withWebSocket(
    'authorization { timeout: 5 }',
    async (served) => {
      assert.is(await userAfter(served, { user: 'u', pass: 'p' }), 'u');
      assert.is(await userAfter(served, {}), null);
    },
    { top: LIST },
  ));

test('a token of the block', () =>
  withWebSocket('authorization { token: t }', async (served) => {
    assert.is(await userAfter(served, { auth_token: 't' }), '');
    assert.is(await userAfter(served, { auth_token: 'u' }), null);
    assert.is(await userAfter(served, { user: 't' }), null);
  }));

test('no_auth_user of the block is for those who bring nothing, PING first or not', () =>
  withWebSocket(
    'no_auth_user: nobody',
    async (served) => {
      assert.is(await userAfter(served, {}), 'nobody');
      assert.is(await userAfter(served, null), 'nobody');
      assert.is(await userAfter(served, { user: 'u', pass: 'p' }), 'u');
      assert.is(await userAfter(served, { user: 'u', pass: 'q' }), null);
      const client = await RawClient.connect(served.port);
      client.send('CONNECT {"verbose":false}\r\nPING\r\n');
      await client.until(/-ERR 'Authorization Violation'/);
      await client.untilClosed();
    },
    { top: LIST },
  ));

test('no_auth_user of the block takes the place of the one of the server', () =>
  withWebSocket('no_auth_user: nobody', async (served) => assert.is(await userAfter(served, {}), 'nobody'), {
    top: `${LIST}\nno_auth_user: w`,
  }));

test('cookies fill what CONNECT leaves empty, and no more', () =>
  withWebSocket(
    'user_cookie: U, pass_cookie: P',
    async (served) => {
      assert.is(await userAfter(served, {}, cookie('U=u; P=p')), 'u');
      assert.is(await userAfter(served, {}, cookie('U=u; P="p"; X=1')), 'u');
      assert.is(await userAfter(served, { user: 'w', pass: 'y' }, cookie('U=u; P=p')), 'w');
      assert.is(await userAfter(served, { user: 'w' }, cookie('U=u; P=p')), null);
      assert.is(await userAfter(served, { pass: 'p' }, cookie('U=u')), 'u');
      assert.is(await userAfter(served, {}, cookie('u=u; p=p')), null);
      assert.is(await userAfter(served, {}), null);
    },
    { top: LIST },
  ));

test('a token may come as a cookie', () =>
  withWebSocket(
    'token_cookie: T',
    async (served) => {
      assert.is(await userAfter(served, {}, cookie('T=secret')), '');
      assert.is(await userAfter(served, {}, cookie('T=other')), null);
      assert.not.match(served.log.join('\n'), /secret|other/);
    },
    { top: 'authorization { token: secret }' },
  ));

test('a bearer token may come as a cookie, where there are operators', async () => {
  const bearer = await userToken({ bearer_token: true });
  const tokens = [SYSTEM, ACME].map(async (pair) => `${pair.getPublicKey()}: ${await accountToken(pair)}`);
  const preload = `resolver_preload {\n${(await Promise.all(tokens)).join('\n')}\n}`;
  await withWebSocket(
    'jwt_cookie: J',
    async (served) => {
      assert.is(await userAfter(served, {}, cookie(`J=${bearer}`)), BOB.getPublicKey());
      assert.is(await userAfter(served, {}, cookie(`J=${await userToken()}`)), null);
      assert.is(await userAfter(served, {}), null);
      assert.is(await userAfter(served, { jwt: bearer }), BOB.getPublicKey());
    },
    { top: `operator: ${await operatorToken()}\nresolver: MEMORY\n${preload}`, others: [operator, memory] },
  );
});

test('a user may be held to WebSockets, or kept from them', () =>
  withWebSocket(
    '',
    async (served) => {
      assert.is(await userAfter(served, { user: 'web', pass: 'p' }), 'web');
      assert.is(await userAfter(served, { user: 'tcp', pass: 'p' }), null);
      const client = await RawClient.connect(served.port);
      client.send('CONNECT {"user":"web","pass":"p"}\r\n');
      await client.until(/-ERR 'Authorization Violation'/);
      client.socket.destroy();
    },
    {
      top: `authorization { users: [
        {user: web, password: p, allowed_connection_types: [WEBSOCKET]}
        {user: tcp, password: p, allowed_connection_types: [STANDARD]}] }`,
    },
  ));

test('how long a login may take is said in the block', () =>
  withWebSocket(
    'authorization { timeout: 0.05 }',
    async ({ open }) => {
      const socket = await open();
      assert.equal(await socket.untilClosed(), { code: 1008, text: 'Authentication Timeout' });
    },
    { top: 'authorization { user: a, pass: b, timeout: 60 }' },
  ));

test('what cannot go together keeps the broker from starting', async () => {
  const conflicts: [block: string, top: string, text: RegExp][] = [
    [
      'authorization { user: a, pass: b }',
      LIST,
      /websocket authentication username not compatible with presence of users\/nkeys/,
    ],
    ['authorization { token: b }', LIST, /websocket authentication token not compatible with presence of users\/nkeys/],
    [
      'no_auth_user: z',
      LIST,
      /no_auth_user: "z" not present as user or nkey in authorization block or account configuration/,
    ],
    ['no_auth_user: z', '', /no_auth_user: "z" present, but users\/nkeys are not defined/],
    [
      'jwt_cookie: j',
      '',
      /trusted operators or trusted keys configuration is required for JWT authentication via cookie "j"/,
    ],
  ];
  for (const [block, top, text] of conflicts) {
    const error = await withWebSocket(block, async () => {}, { top }).then(
      () => '',
      ({ message }: Error) => message,
    );
    assert.match(error, text);
  }
});

test('a list of plugins without the guard does not let everybody in', async () => {
  const text = 'websocket { host: 127.0.0.1, port: -1, no_tls: true, authorization { token: t } }';
  await withServer(text, [websocket], async () => {}).then(
    () => assert.unreachable(),
    ({ message }: Error) => assert.match(message, /"authorization" of "websocket" needs the plugin "auth"/),
  );
  await withServer(text, [websocket, auth], async () => {});
});

test.run();
