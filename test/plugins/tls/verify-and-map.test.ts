import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectInProcess } from '../../../kernel/in-process.ts';
import type { ClientConnection } from '../../../kernel/plugin-api.ts';
import { StreamTransport } from '../../../kernel/plugin-api.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin } from '../../../plugins/tls/index.ts';
import { makeCertificate, type Wanted } from '../../kits/certificate-maker.ts';
import { RawClient, type RunningServer, withServer } from '../running-server.ts';
import { duplexPair } from './duplex-pair.ts';
import { connectAfterInfo, type SecureClient } from './secure-client.ts';

const authority = makeCertificate({ subject: [['CN', 'authority']], isAuthority: true });
const server = makeCertificate({ subject: [['CN', 'localhost']], hosts: ['localhost'], issuer: authority });

async function withMap(rest: string, use: (running: RunningServer) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-map-'));
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return JSON.stringify(join(folder, name));
  };
  const files = `cert_file: ${put('cert.pem', server.pem)}, key_file: ${put('key.pem', server.keyPem)}`;
  const text = `tls { ${files}, ca_file: ${put('ca.pem', authority.pem)}, verify_and_map: true }\n${rest}`;
  try {
    await withServer(text, [plugin, auth], use);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function client(port: number, wanted: Wanted): Promise<SecureClient> {
  const { pem, keyPem } = makeCertificate({ ...wanted, issuer: authority });
  return connectAfterInfo(port, { cert: pem, key: keyPem, ca: authority.pem, servername: 'localhost' });
}

/** What a client with that certificate is told, and as whom it is known. */
async function login(running: RunningServer, wanted: Wanted, said: object | null = {}): Promise<string> {
  const secure = await client(running.port, wanted);
  return greeting(running, secure, said);
}

async function greeting({ server: { broker } }: RunningServer, raw: RawClient, said: object | null): Promise<string> {
  const line = said === null ? '' : `CONNECT ${JSON.stringify({ verbose: false, ...said })}\r\n`;
  raw.send(`${line}PING\r\n`);
  await raw.until(/PONG|-ERR/);
  const last = [...broker.connections.values()].at(-1) as ClientConnection;
  const name = raw.text.includes('PONG') ? String(last.identity?.user) : 'refused';
  raw.socket.destroy();
  while (broker.connections.size > 0) await new Promise(setImmediate);
  return name;
}

const e: Wanted = { subject: [['CN', 'a']], emails: ['e@x'] };

function users(...entries: string[]): string {
  return `authorization { users: [ ${entries.map((entry) => `{ ${entry} }`).join(', ')} ] }`;
}

test('a client is the user its certificate names, and needs no password', () =>
  withMap(users('user: "e@x"'), async (running) => {
    assert.is(await login(running, e), 'e@x');
    assert.ok(running.log.some((line) => line.endsWith('Using email found in cert for auth ["e@x"]')));
  }));

test('the official client logs in with nothing but its certificate', () =>
  withMap(users('user: "e@x"'), async ({ port }) => {
    const { pem, keyPem } = makeCertificate({ ...e, issuer: authority });
    const official = await connect({
      servers: `localhost:${port}`,
      tls: { ca: authority.pem, cert: pem, key: keyPem },
    });
    await official.flush();
    await official.close();
  }));

test('a certificate that names no user is refused, whatever the client says', () =>
  withMap(users('user: "e@x"', 'user: u, pass: p'), async (running) => {
    const other: Wanted = { subject: [['CN', 'b']] };
    assert.is(await login(running, other, { user: 'u', pass: 'p' }), 'refused');
  }));

test('the user that CONNECT names is of no consequence, and is warned of', () =>
  withMap(users('user: "e@x"', 'user: u, pass: p'), async (running) => {
    assert.is(await login(running, e, { user: 'u' }), 'e@x');
    assert.ok(running.log.includes('warn User "u" found in connect proto, but user required from cert'));
  }));

test('the password of the user that was found is compared', () =>
  withMap(users('user: "e@x", pass: secret'), async (running) => {
    assert.is(await login(running, e, { pass: 'secret' }), 'e@x');
    assert.is(await login(running, e, { user: 'z' }), 'refused');
    assert.ok(running.log.some((line) => line.endsWith('authentication error - User "e@x"')));
  }));

test('a user that may not come in this way is passed over', () =>
  withMap(users('user: "e@x", allowed_connection_types: [MQTT]', 'user: "CN=a"'), async (running) => {
    assert.is(await login(running, e), 'CN=a');
  }));

test('nobody is mapped where there is no list of users', async () => {
  await withMap('authorization { token: t }', async (running) => {
    assert.is(await login(running, e, { auth_token: 't' }), '');
    assert.is(await login(running, e), 'refused');
  });
  await withMap('authorization { user: "e@x" }', async (running) => {
    assert.is(await login(running, e), 'refused');
    assert.is(await login(running, e, { user: 'e@x' }), 'e@x');
  });
  await withMap('', async (running) => assert.is(await login(running, e), ''));
});

test('the user for those who bring nothing does not stand in for one that the certificate does not name', () =>
  withMap(`no_auth_user: z\n${users('user: z', 'user: "e@x"')}`, async (running) => {
    assert.is(await login(running, e), 'e@x');
    assert.is(await login(running, e, null), 'e@x');
    assert.is(await login(running, { subject: [['CN', 'b']] }), 'refused');
  }));

test('without CONNECT nobody gets in by certificate alone', () =>
  withMap(users('user: "e@x"'), async (running) => {
    assert.is(await login(running, e, null), 'refused');
  }));

const NKEY = 'UCNGL4W5QX66CFX6A6DCBVDH5VOHMI7B2UZZU7TXAUQQSI2JPHULCKBR';

test('a key counts more than a certificate, where there are users with keys', async () => {
  await withMap(`no_auth_user: ${NKEY}\n${users(`nkey: ${NKEY}`, 'user: "e@x"')}`, async (running) => {
    assert.is(await login(running, e), NKEY);
    assert.is(await login(running, e, { user: 'q' }), 'e@x');
    assert.is(await login(running, e, { nkey: 'UAAA' }), 'refused');
  });
  await withMap(users('user: "e@x"'), async (running) => {
    assert.is(await login(running, e, { nkey: 'UAAA' }), 'e@x');
  });
  await withMap(users(`nkey: ${NKEY}`, 'user: u'), async (running) => {
    assert.is(await login(running, { uris: [NKEY] }), 'refused');
  });
});

test('clients in clear are refused, also those within the process, although the name alone would do', () =>
  withMap(`allow_non_tls: true\n${users('user: "e@x"')}`, async (running) => {
    const plain = await RawClient.connect(running.port);
    await plain.until(/INFO .*\r\n/);
    assert.is(await greeting(running, plain, { user: 'e@x' }), 'refused');
    const wire = connectInProcess(running.server.broker);
    wire.write(Buffer.from('CONNECT {"user":"e@x","verbose":false}\r\nPING\r\n'));
    let seen = '';
    while (!/PONG|-ERR/.test(seen)) seen = Buffer.from(await wire.peek(65_536, 1000, seen.length + 1)).toString();
    assert.match(seen, "-ERR 'Authorization Violation'");
    wire.destroy();
  }));

test('a user without a password cannot come in by its name where another listener asks for no certificate', () =>
  withMap(
    `no_auth_user: n\n${users('user: u', 'user: n', 'user: w, allowed_connection_types: [WEBSOCKET]', 'user: p, pass: p')}`,
    async (running) => {
      const { broker } = running.server;
      const results: string[] = [];
      for (const said of [{ user: 'u' }, { user: 'n' }, { user: 'w' }, { user: 'p', pass: 'p' }, {}]) {
        const raw = await overWebSocket(running, said);
        results.push(raw);
        while (broker.connections.size > 0) await new Promise(setImmediate);
      }
      assert.equal(results, ['refused', 'n', 'w', 'p', 'n']);
    },
  ));

/** As the plugin of another listener would bring it. */
function overWebSocket({ server: { broker } }: RunningServer, said: object): Promise<string> {
  const [near, far] = duplexPair();
  const nowhere = { host: '127.0.0.1', port: 1 };
  broker.listener.accept(new StreamTransport(far, { kind: 'websocket', remote: nowhere, local: nowhere, tls: null }));
  return new Promise((resolve) => {
    let text = '';
    near.on('data', (bytes: Buffer) => {
      const isFirst = text === '';
      text += bytes.toString();
      if (isFirst) near.write(`CONNECT ${JSON.stringify({ verbose: false, ...said })}\r\nPING\r\n`);
      if (!/PONG|-ERR/.test(text)) return;
      const last = [...broker.connections.values()].at(-1) as ClientConnection;
      resolve(text.includes('PONG') ? String(last.identity?.user) : 'refused');
      near.destroy();
      far.destroy();
    });
  });
}

test('the time to log in grows with the time of the handshake, unless it is said', async () => {
  const timeOf = async (rest: string): Promise<number> => {
    let time = 0;
    await withMap(rest, async (running) => {
      time = running.server.broker.options.authTimeoutMs;
    });
    return time;
  };
  assert.is(await timeOf(users('user: u')), 3000);
  assert.is(await timeOf('authorization { timeout: 1.5, users: [ { user: u } ] }'), 1500);
  assert.is(await timeOf('authorization { timeout: 0, users: [ { user: u } ] }'), 3000);
});

test.run();
