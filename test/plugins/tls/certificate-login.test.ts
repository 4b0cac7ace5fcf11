import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { type Made as MadeCertificate, makeCertificate, type Wanted } from '../../kits/certificate-maker.ts';
import { RawClient, type RunningServer, withServer } from '../running-server.ts';
import { connectAfterInfo } from './secure-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'gnatlet-certificates-'));
test.after(() => rmSync(folder, { recursive: true }));

const authority = makeCertificate({ subject: [['CN', 'authority']], isAuthority: true });
const issued = (wanted: Wanted): MadeCertificate => makeCertificate({ ...wanted, issuer: authority });
const server = issued({ subject: [['CN', 'server']], hosts: ['localhost'] });
const named = issued({
  subject: [['CN', 'san']],
  emails: ['e@x.y', 'e2@x.y'],
  hosts: ['d.x.y', 'd2.x.y'],
  uris: ['spiffe://a/b'],
});
const bob = issued({
  subject: [
    ['DC', 'com'],
    ['DC', 'example'],
    ['C', 'US'],
    ['O', 'Acme'],
    ['OU', 'Eng'],
    ['OU', 'Core'],
    ['CN', 'bob'],
  ],
});
const NKEY = 'UDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCYSJF';

writeFileSync(join(folder, 'ca.pem'), authority.pem);
writeFileSync(join(folder, 'server.pem'), server.pem);
writeFileSync(join(folder, 'server-key.pem'), server.keyPem);

function withUsers(users: string, use: (running: RunningServer) => Promise<void>, top = ''): Promise<void> {
  const file = (name: string): string => JSON.stringify(join(folder, name));
  const block = `cert_file: ${file('server.pem')}, key_file: ${file('server-key.pem')}, ca_file: ${file('ca.pem')}`;
  const text = `${top}\ntls { ${block}, verify_and_map: true }\nauthorization { users: [${users}] }`;
  return withServer(text, [auth, tls], use);
}

/** Who the broker says the client is; null when it is refused. */
async function loggedInAs(
  { port, server }: RunningServer,
  certificate: MadeCertificate,
  said = {},
): Promise<string | null> {
  const client = await connectAfterInfo(port, {
    ca: authority.pem,
    cert: certificate.pem,
    key: certificate.keyPem,
    servername: 'localhost',
  });
  client.send(`CONNECT ${JSON.stringify({ verbose: false, ...said })}\r\nPING\r\n`);
  const [answer] = await client.until(/PONG|-ERR 'Authorization Violation'/);
  const [connection] = server.broker.connections.values();
  const user = answer === 'PONG' ? ((connection as { identity?: { user: string } }).identity?.user ?? '') : null;
  client.tls.destroy();
  await client.untilClosed();
  while (server.broker.connections.size > 0) await new Promise(setImmediate);
  return user;
}

const SINGLE: [certificate: MadeCertificate, user: string, isIn: boolean][] = [
  [named, 'e@x.y', true],
  [named, 'e2@x.y', true],
  [named, 'd.x.y', true],
  [named, 'd2.x.y', true],
  [named, 'spiffe://a/b', true],
  [named, 'CN=san', true],
  [named, 'san', false],
  [named, 'E@x.y', false],
  [named, 'D.x.y', false],
  [bob, 'CN=bob,OU=Core,OU=Eng,O=Acme,C=US,DC=example,DC=com', true],
  [bob, 'DC=com,DC=example,C=US,O=Acme,OU=Eng,OU=Core,CN=bob', true],
  [bob, 'cn=bob, ou=Core, ou=Eng, o=Acme, c=US, dc=example, dc=com', true],
  [bob, 'CN=bob,OU=Eng+OU=Core,O=Acme,C=US', true],
  [bob, 'CN=bob,OU=Eng+OU=Core,O=Acme,C=US,DC=com,DC=example', true],
  [bob, 'CN=bob,OU=Eng+OU=Core,O=Acme,C=US,DC=example,DC=com', false],
  [bob, 'cn=BOB,ou=Core,ou=Eng,o=Acme,c=US,dc=example,dc=com', false],
  [bob, 'CN=bob', false],
];

for (const [certificate, user, isIn] of SINGLE) {
  test(`a certificate is ${isIn ? '' : 'not '}the user "${user}"`, () =>
    withUsers(`{user: ${JSON.stringify(user)}}`, async (running) => {
      assert.is(await loggedInAs(running, certificate), isIn ? user : null);
    }));
}

test('addresses count more than hosts, hosts more than URIs, and the subject comes last', () =>
  withUsers('{user: "CN=san"}, {user: "spiffe://a/b"}, {user: "d.x.y"}, {user: "e2@x.y"}', async (running) => {
    assert.is(await loggedInAs(running, named), 'e2@x.y');
  }));

test('of two orders of the same name the one of the certificate counts', () =>
  withUsers('{user: "O=Acme,C=US,CN=x"}, {user: "CN=x,O=Acme,C=US"}', async (running) => {
    const subject = [
      ['C', 'US'],
      ['O', 'Acme'],
      ['CN', 'x'],
    ] as const;
    assert.is(await loggedInAs(running, issued({ subject })), 'CN=x,O=Acme,C=US');
  }));

test('a password of the user is asked for besides, and what CONNECT calls itself does not matter', () =>
  withUsers('{user: "d.x.y", password: pw}', async (running) => {
    assert.is(await loggedInAs(running, named), null);
    assert.is(await loggedInAs(running, named, { pass: 'pw' }), 'd.x.y');
    assert.is(await loggedInAs(running, named, { user: 'root', pass: 'pw' }), 'd.x.y');
    assert.ok(running.log.includes('warn User "root" found in connect proto, but user required from cert'));
  }));

test('a user that may not come in this way is passed over', () =>
  withUsers('{user: "d.x.y", allowed_connection_types: [WEBSOCKET]}, {user: "CN=san"}', async (running) => {
    assert.is(await loggedInAs(running, named), 'CN=san');
  }));

test('a certificate that names nobody is refused, although nobody would have to log in otherwise', () =>
  withUsers(
    '{user: other}',
    async (running) => assert.is(await loggedInAs(running, named), null),
    'no_auth_user: other',
  ));

test('a key that the client brings counts more than its certificate', () =>
  withUsers(`{nkey: ${NKEY}}, {user: "d.x.y"}`, async (running) => {
    assert.is(await loggedInAs(running, named), 'd.x.y');
    assert.is(await loggedInAs(running, named, { nkey: NKEY }), null);
  }));

test('a certificate that carries the key of a user is not that user', () =>
  withUsers(`{nkey: ${NKEY}}, {user: a}`, async (running) => {
    assert.is(await loggedInAs(running, issued({ hosts: [NKEY] })), null);
  }));

test('without a certificate there is no handshake', () =>
  withUsers('{user: "d.x.y"}', async ({ port, log }) => {
    const client = await connectAfterInfo(port, { ca: authority.pem, servername: 'localhost' });
    client.send('CONNECT {"user":"d.x.y"}\r\n');
    await client.untilClosed();
    assert.match(log.join('\n'), /TLS handshake error: .*peer did not return a certificate/);
  }));

test('where TLS is only offered, a client without it is nobody', () =>
  withUsers(
    '{user: "d.x.y"}',
    async ({ port }) => {
      const client = await RawClient.connect(port);
      client.send('CONNECT {"user":"d.x.y"}\r\n');
      await client.until(/-ERR 'Authorization Violation'/);
      await client.untilClosed();
    },
    'allow_non_tls: true',
  ));

test('the official client is who its certificate says', () =>
  withUsers('{user: "d.x.y", permissions: {publish: "only.this"}}', async ({ port }) => {
    const client = await connect({
      servers: `localhost:${port}`,
      tls: { ca: authority.pem, cert: named.pem, key: named.keyPem },
    });
    const violation = (async () => {
      for await (const status of client.status()) if (status.type === 'error') return String(status.error);
      return '';
    })();
    client.publish('something.else');
    assert.match(await violation, /Permissions Violation for Publish to "something.else"/);
    await client.close();
  }));

test.run();
