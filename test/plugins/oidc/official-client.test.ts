/** The official client, with tokens that it hands over in each of its ways, against a broker on a port. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  jwtAuthenticator,
  type NatsConnection,
  tokenAuthenticator,
} from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestBroker } from '../../../bin/embedding/test-broker.ts';
import { IdentityProvider, ISSUER, type SigningKey, signingKey, token } from './identity-provider.ts';

const KEYS = await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => signingKey(alg, alg)));
const ALGORITHMS = new Map(KEYS.map((key) => [key.alg, key]));
const KEY = ALGORITHMS.get('ES256')!;

function fresh(key: SigningKey, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return token(key, { claims: { iat: now, exp: now + 3600, ...claims } });
}

async function withBroker(
  use: (broker: TestBroker, login: (options: ConnectionOptions) => Promise<NatsConnection>) => Promise<void>,
  more: object = {},
): Promise<void> {
  const provider = await IdentityProvider.start(...KEYS);
  const permissions = { publish: ['mine.{{claim(sub)}}', '_INBOX.>'], subscribe: ['mine.>', '_INBOX.>'] };
  const oidc = { issuer: ISSUER, audience: 'nats', jwks: { url: provider.url }, account: 'APP', permissions };
  const broker = new TestBroker({ oidc, accounts: { APP: {} }, ...more });
  await broker.start();
  try {
    await use(broker, (options) => connect({ servers: broker.url, reconnect: false, ...options }));
  } finally {
    await broker.close();
    await provider.close();
  }
}

test('each way in which the client hands over a token gets it in, within its permissions', async () => {
  await withBroker(async (_broker, login) => {
    const good = await fresh(KEY);
    const ways: [string, ConnectionOptions][] = [
      ['token', { token: good }],
      ['function', { authenticator: tokenAuthenticator(() => good) }],
      ['password', { user: 'oidc', pass: good }],
      ['jwt', { authenticator: jwtAuthenticator(good) as Authenticator }],
    ];
    for (const [way, options] of ways) {
      const client = await login(options);
      const subscription = client.subscribe('mine.>', { max: 1 });
      const problems = client.status()[Symbol.asyncIterator]();
      client.publish('mine.bob', 'forbidden');
      client.publish('mine.ann', way);
      for await (const message of subscription) assert.is(message.string(), way);
      const { value } = await problems.next();
      assert.is(value.type, 'error', way);
      assert.match(value.error.message, /Permissions Violation for Publish to "mine.bob"/);
      await client.close();
    }
  });
});

test('a bad token is refused, and so is none', async () => {
  await withBroker(async (_broker, login) => {
    const expired = await fresh(KEY, { exp: Math.floor(Date.now() / 1000) - 60 });
    for (const options of [{ token: expired }, { token: 'x' }, {}]) {
      const failure = await login(options).then(
        () => '',
        (error: Error) => error.message,
      );
      assert.match(failure, /authorization violation/i);
    }
  });
});

/** What a client whose CONNECT has so many bytes gets to hear. */
async function answerTo(port: number, bytes: number): Promise<string> {
  const empty = await fresh(KEY, { roles: '' });
  const connectLine = (auth_token: string): string => `CONNECT ${JSON.stringify({ verbose: false, auth_token })}\r\n`;
  const missing = bytes - connectLine(empty).length;
  const line = connectLine(await fresh(KEY, { roles: 'r'.repeat(Math.floor((missing * 3) / 4)) }));
  const socket = connectSocket(port, '127.0.0.1');
  let said = '';
  socket.on('data', (piece) => {
    said += piece.toString();
    if (/PONG\r\n|-ERR/.test(said)) socket.end();
  });
  socket.write(`${line}PING\r\n`);
  await once(socket, 'close');
  return said.replace(/^INFO .*\r\n/, '');
}

test('a token of 3 kB fits into the usual control line, one of 5 kB needs a longer one', async () => {
  await withBroker(async (broker) => {
    for (const bytes of [1500, 3000, 4000]) assert.is(await answerTo(broker.port, bytes), 'PONG\r\n');
    assert.match(await answerTo(broker.port, 5000), /-ERR 'Maximum Control Line Exceeded'/i);
  });
  await withBroker(async (broker) => assert.is(await answerTo(broker.port, 5000), 'PONG\r\n'), {
    max_control_line: 16_384,
  });
});

const LOGINS = 200;

for (const { alg } of KEYS) {
  test(`${LOGINS} clients with ${alg} tokens that come at once all get in`, async () => {
    await withBroker(async (_broker, login) => {
      const tokens = Array.from({ length: LOGINS }, (_, index) =>
        fresh(ALGORITHMS.get(alg)!, { sub: `user-${index}` }),
      );
      const clients = await Promise.all(tokens.map(async (one) => login({ token: await one })));
      await Promise.all(clients.map((client) => client.close()));
    });
  });
}

test.run();
