/** Clients with tokens of identity providers, as oidc.conf lets them in. Usage: node oidc.js oidc.conf */
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';

// What an identity provider has: a key to sign with, and a page with the public half of it.
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
const web = createWebServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(
  0,
  '127.0.0.1',
);
await once(web, 'listening');
const keysUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/keys`;

/** What a client gets from its provider when somebody logs in. */
function tokenWith(claims: object): string {
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const expires = Math.floor(Date.now() / 1000) + 300;
  const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${encoded({ ...claims, exp: expires })}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

process.env.KEYCLOAK_KEYS = `"${keysUrl}"`;
process.env.AUTH0_KEYS = `"${keysUrl}"`;
const broker = await createServer({ configFile: process.argv[2] ?? 'oidc.conf' }).start();
const login = (claims: object) => connect({ servers: broker.url!, token: tokenWith(claims), reconnect: false });

const keycloak = { iss: 'https://id.example/realms/shop', aud: ['nats', 'account'] };
const ann = await login({
  ...keycloak,
  sub: 'f3a1',
  preferred_username: 'ann',
  realm_access: { roles: ['offline_access', 'nats-user'] },
});
const auth0 = { iss: 'https://acme.eu.auth0.example/', aud: 'https://nats.acme.example', sub: 'auth0|77' };
const reader = await login({ ...auth0, scope: 'openid orders:read', 'https://acme.example/tenant': 'acme' });

const orders = reader.subscribe('orders.>');
await reader.flush();
ann.publish('orders.f3a1.new', 'a bicycle');
for await (const order of orders) {
  console.log(`${order.subject}: ${order.string()}`);
  break;
}

const errors = ann.status()[Symbol.asyncIterator]();
ann.publish('orders.someone-else.new', 'a car');
const { value: problem } = await errors.next();
console.log(problem.type === 'error' ? problem.error.message : problem.type);

const stranger = login({ ...keycloak, sub: '1', preferred_username: 'eve', realm_access: { roles: ['guest'] } });
await stranger.catch((error: Error) => console.log(error.message));

await ann.close();
await reader.close();
await broker.close();
web.close();
