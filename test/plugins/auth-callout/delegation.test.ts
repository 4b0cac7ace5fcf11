/** Who is left to the service, and who the client then is. */
import { createUser } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { Server } from '../../../kernel/server.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as callout } from '../../../plugins/auth-callout/index.ts';
import { RawClient, withServer } from '../running-server.ts';
import {
  admitting,
  answerTo,
  answerWith,
  CalloutService,
  configured,
  type Grants,
  REFUSED,
  type Request,
  ServiceKeys,
  userToken,
} from './callout-service.ts';

const PLUGINS = [auth, callout] as PluginDefinition[];
const keys = new ServiceKeys();
const { issuer } = keys;

/** A service that lets everybody in as a user with these grants. */
function granting(grants: Grants, standard: Parameters<typeof userToken>[3] = {}) {
  return async (request: Request) =>
    answerWith(request, issuer, { jwt: await userToken(request, issuer, grants, standard) });
}

async function withService(
  block: string,
  answer: Parameters<typeof CalloutService.start>[2],
  use: (running: { port: number; service: CalloutService; server: Server; log: string[] }) => Promise<void>,
  more = '',
): Promise<void> {
  await withServer(configured(`timeout: 30, ${block}`, more), PLUGINS, async ({ port, server, log }) => {
    const service = await CalloutService.start(port, keys, answer);
    await use({ port, service, server, log });
    await service.close();
  });
}

const WHO: [what: string, said: object, asks: boolean, reply: string][] = [
  ['somebody nobody knows', { user: 'joe', pass: 'x' }, true, 'PONG\r\n'],
  ['somebody who brings nothing', {}, true, 'PONG\r\n'],
  ['a token', { auth_token: 't' }, true, 'PONG\r\n'],
  ['a configured user with its password', { user: 'u', pass: 'p' }, true, 'PONG\r\n'],
  ['a configured user with another password', { user: 'u', pass: 'x' }, true, 'PONG\r\n'],
  ['another user of the account of the service', { user: 'insider', pass: 'insider' }, true, 'PONG\r\n'],
  ['the service', { user: 'service', pass: 'service' }, false, 'PONG\r\n'],
  ['the name of the service without its password', { user: 'service', pass: 'x' }, false, REFUSED],
  [
    'a configured user that shows the name of the service as its key',
    { nkey: 'service', user: 'insider', pass: 'insider' },
    true,
    'PONG\r\n',
  ],
];

test('everybody is left to the service but those who run it', async () => {
  await withService(keys.block(), admitting(keys), async ({ port, service }) => {
    for (const [what, said, asks, reply] of WHO) {
      service.requests.length = 0;
      assert.is(await answerTo(port, said), reply, what);
      assert.is(service.requests.length, asks ? 1 : 0, what);
    }
  });
});

test('with a list of accounts, configured users of other accounts are as they are configured', async () => {
  await withService(keys.block('allowed_accounts: [AUTH]'), admitting(keys), async ({ port, service }) => {
    assert.is(await answerTo(port, { user: 'u', pass: 'p' }), 'PONG\r\n');
    assert.is(service.requests.length, 0);
    assert.is(await answerTo(port, { user: 'insider', pass: 'insider' }), 'PONG\r\n');
    assert.is(await answerTo(port, { user: 'u', pass: 'x' }), 'PONG\r\n');
    assert.is(service.requests.length, 2);
  });
});

test('a client that says anything before CONNECT is refused without a question', async () => {
  await withService(keys.block(), admitting(keys), async ({ port, service }) => {
    const client = await RawClient.connect(port);
    client.send('PING\r\n');
    await client.until(/-ERR 'Authorization Violation'/);
    assert.is(service.requests.length, 0);
    client.socket.destroy();
  });
});

test('clients that bring nothing are told to the service as the user that such clients are', async () => {
  const text = `no_auth_user: u\n${configured(keys.block())}`;
  await withServer(text, PLUGINS, async ({ port }) => {
    const service = await CalloutService.start(port, keys, admitting(keys));
    assert.is(await answerTo(port, { name: 'n' }), 'PONG\r\n');
    const { client_info: info, connect_opts: said } = service.requests[0]!.claims.nats;
    assert.is(info.user, 'u');
    assert.equal(said, { user: 'u', pass: 'p', name: 'n', protocol: 0 });
    await service.close();
  });
});

test('in its account nobody may pass for the server, the service itself included', async () => {
  const violation = `-ERR 'Permissions Violation for Publish to "$SYS.REQ.USER.AUTH"'\r\nPONG\r\n`;
  const publish = 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n';
  await withService(keys.block(), granting({}, { aud: 'AUTH' }), async ({ port, service }) => {
    assert.is(await answerTo(port, { user: 'joe' }, publish), violation);
    assert.is(await answerTo(port, { user: 'service', pass: 'service' }, publish), violation);
    assert.is(service.requests.length, 1);
  });
  await withService(
    keys.block(),
    granting({ pub: { allow: ['>'], deny: ['x'] } }, { aud: 'AUTH' }),
    async ({ port }) => {
      assert.is(await answerTo(port, { user: 'joe' }, `PUB a 0\r\n\r\n${publish}`), violation);
    },
  );
  await withService(keys.block(), granting({}), async ({ port }) => {
    assert.is(await answerTo(port, { user: 'joe' }, publish), 'PONG\r\n', 'elsewhere it is a subject like others');
  });
});

test('the user is what the token says: account, name, permissions, limits', async () => {
  const grants = { pub: { allow: ['a.*'], deny: ['a.b'] }, sub: { allow: ['x q'], deny: [] }, subs: 2, payload: 5 };
  await withService(keys.block(), granting(grants, { name: 'Ann' }), async ({ port, server, log }) => {
    const client = await RawClient.connect(port);
    client.send(
      'CONNECT {"verbose":false,"user":"joe"}\r\nPUB a.c 0\r\n\r\nPUB a.b 0\r\n\r\nSUB x q 1\r\nSUB x 2\r\nPING\r\n',
    );
    await client.until(/PONG\r\n/);
    const connection = [...server.broker.connections.values()].at(-1)!;
    assert.is(connection.account.name, 'APP');
    assert.is((connection as unknown as { identity: { user: string } }).identity.user, 'Ann');
    assert.match(client.text, /Publish to "a\.b"/);
    assert.not.match(client.text, /Publish to "a\.c"/);
    assert.match(client.text, /Subscription to "x"'/);
    assert.ok(log.some((line) => line.includes('"APP/user:Ann" - Publish Violation')));
    client.send('SUB x q 3\r\nSUB x q 4\r\n');
    await client.until(/maximum subscriptions exceeded/);
    client.send('PUB a.c 6\r\nsixsix\r\n');
    await client.until(/Maximum Payload Violation/);
    await client.untilClosed();
  });
});

test('a limit of nothing is no limit, as services leave limits out', async () => {
  await withService(keys.block(), granting({ subs: 0, payload: 0, data: 0 }), async ({ port }) => {
    assert.is(await answerTo(port, { user: 'joe' }, 'SUB a 1\r\nPUB b 1\r\nx\r\n'), 'PONG\r\n');
  });
});

test('without a name the user is who it said it was', async () => {
  await withService(keys.block(), granting({}, { name: '' }), async ({ port, service, server }) => {
    const users: string[] = [];
    server.broker.hooks.connectionAuthenticated.tap({ plugin: 'test', rank: 0 }, (connection) => {
      users.push((connection as unknown as { identity: { user: string } }).identity.user);
    });
    const { nkey } = { nkey: createUser().getPublicKey() };
    for (const said of [{ user: 'joe' }, { nkey, user: 'joe' }, { auth_token: 't' }, {}]) await answerTo(port, said);
    assert.equal(users, ['joe', nkey, '[REDACTED]', service.requests[3]!.userKey]);
  });
});

test('users without permissions have those of the account', async () => {
  const more = ', LIMITED { default_permissions { publish: "only.this" } }';
  await withService(
    keys.block(),
    granting({}, { aud: 'LIMITED' }),
    async ({ port }) => {
      const said = await answerTo(port, { user: 'joe' }, 'PUB only.this 0\r\n\r\nPUB that 0\r\n\r\n');
      assert.is(said, `-ERR 'Permissions Violation for Publish to "that"'\r\nPONG\r\n`);
    },
    more,
  );
});

test('whoever may answer requests may do nothing else, and answers each once unless told', async () => {
  const byName = (request: Request) =>
    granting(request.claims.nats.client_info.user === 'helper' ? { resp: { max: 0, ttl: 0 } } : {})(request);
  await withService(keys.block(), byName, async ({ port }) => {
    const helper = await RawClient.connect(port);
    helper.send('CONNECT {"verbose":false,"user":"helper"}\r\nSUB help 1\r\nPUB free 0\r\n\r\nPING\r\n');
    await helper.until(/Permissions Violation for Publish to "free"'\r\nPONG/);
    assert.is(await answerTo(port, { user: 'asker' }, 'PUB help answer 0\r\n\r\n'), 'PONG\r\n');
    await helper.until(/MSG help 1 answer 0/);
    helper.send('PUB answer 0\r\n\r\nPUB answer 1\r\nx\r\nPING\r\n');
    await helper.until(/Violation for Publish to "answer"'\r\nPONG/);
    assert.is(helper.text.split('Violation for Publish to "answer"').length, 2);
    helper.socket.destroy();
  });
});

test('a token ends when it says, and a window when it closes', async () => {
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const time = (shift: number): string => new Date(Date.now() + shift).toISOString().slice(11, 19);
  const window = { times: [{ start: time(-60_000), end: time(60_000) }], times_location: 'UTC' };
  for (const [grants, expiry, low, high] of [
    [{}, soon, 3500_000, 3600_000],
    [window, soon, 50_000, 60_000],
    [window, Math.floor(Date.now() / 1000) + 30, 20_000, 30_000],
  ] as const) {
    await withService(keys.block(), granting(grants, { exp: expiry }), async ({ port, server }) => {
      const ends: (number | undefined)[] = [];
      server.broker.hooks.connectionAuthenticated.tap({ plugin: 'test', rank: 0 }, (connection) => {
        ends.push((connection as unknown as { identity: { expiresAt?: number } }).identity.expiresAt);
      });
      assert.is(await answerTo(port, { user: 'joe' }), 'PONG\r\n');
      const left = ends[0]! - Date.now();
      assert.ok(left > low && left <= high, `${left} ms are left`);
    });
  }
});

test('a client learns of the server key, and of no nonce, before it logs in', async () => {
  await withService(keys.block(), admitting(keys), async ({ port, server }) => {
    const client = await RawClient.connect(port);
    const [, text] = await client.until(/INFO (.*)\r\n/);
    const info = JSON.parse(text!) as Record<string, unknown>;
    assert.is(info.auth_required, true);
    assert.is(info.xkey, server.broker.identity.xkey);
    assert.is(info.nonce, undefined);
    client.socket.destroy();
  });
});

test('what the block names and nobody configured is told at the start, and lets nobody in', async () => {
  const text = `authorization { auth_callout { issuer: ${issuer.getPublicKey()}, account: NONE, users: [ghost] } }`;
  await withServer(text, PLUGINS, async ({ port, log }) => {
    assert.ok(log.includes('error Authorization callout account "NONE" not valid'));
    assert.ok(log.includes('error Authorization callout user "ghost" not valid: no such user is configured'));
    assert.is(await answerTo(port, {}), REFUSED);
    assert.ok(log.includes('warn No valid account "NONE" for auth callout request: account missing'));
  });
});

test('the block is refused where no plugin acts on it', async () => {
  const text = `port: -1\nplugins: [auth]\n${configured(keys.block())}`;
  const failure = await composeServer({ text, path: 'test.conf' }).then(
    () => '',
    ({ message }: Error) => message,
  );
  const wanted = '"authorization.auth_callout" has no effect: its plugin "auth-callout" is not in the list of plugins';
  assert.ok(failure.includes(`${wanted}; add "auth-callout" to the list of plugins, or remove the block`), failure);
});

test('the block alone turns the plugin on', async () => {
  for (const key of ['auth_callout', 'auth_hook', 'Auth_Hook']) {
    const text = `port: -1\n${configured(keys.block().replace('auth_callout', key))}`;
    const server = await composeServer({ text, path: 'test.conf' });
    const names = server.host.describe().plugins.map(({ name }) => name);
    assert.ok(names.includes('auth-callout'), key);
    await server.close();
  }
});

test.run();
