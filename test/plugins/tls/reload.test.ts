import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectInProcess } from '../../../kernel/in-process.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { reloadRule, type TlsConfig } from '../../../plugins/tls/config.ts';
import { plugin } from '../../../plugins/tls/index.ts';
import { keyDigest } from '../../../plugins/tls/pinned-keys.ts';
import { BrokerProcess, Folder, run } from '../../bin/broker-process.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { infoIn, type RunningServer, withServer } from '../running-server.ts';
import { alice, CERTIFICATE, connectAfterInfo, greet } from './secure-client.ts';

function configOf({ server }: RunningServer): TlsConfig {
  const client = server.host.capabilities.find('tls.contexts')!.value as { client: { options: TlsConfig['client'] } };
  return { client: client.client.options, allowsPlain: false };
}

async function shownName(port: number): Promise<string> {
  const client = await connectAfterInfo(port, { rejectUnauthorized: false });
  const { subject } = client.tls.getPeerX509Certificate()!;
  client.tls.destroy();
  return subject;
}

async function withFiles(use: (folder: string, put: (name: string) => void) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-tls-'));
  const put = (name: string): void => {
    copyFileSync(join(TLS_FIXTURES, `${name}.pem`), join(folder, 'cert.pem'));
    copyFileSync(join(TLS_FIXTURES, `${name}-key.pem`), join(folder, 'key.pem'));
  };
  try {
    put('server');
    await use(folder, put);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a reload takes on new certificates for new handshakes, and leaves connections alone', () =>
  withFiles((folder, put) =>
    withServer(`tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`, [plugin], async (running) => {
      const { port, server, log } = running;
      const before = await connectAfterInfo(port);
      put('client');
      await server.broker.hooks.serverReload.slot!({});
      assert.match(await shownName(port), 'CN=alice');
      await greet(before);
      writeFileSync(join(folder, 'cert.pem'), 'nothing of the kind');
      await server.broker.hooks.serverReload.slot!({});
      assert.match(await shownName(port), 'CN=alice');
      assert.ok(log.some((line) => /^error tls: the certificates stay as they were: error parsing X509/.test(line)));
      before.tls.destroy();
    }),
  ));

test('a changed block counts for connections to come', () =>
  withServer(`tls { ${CERTIFICATE} }`, [plugin], async (running) => {
    const { server, port, log } = running;
    const before = configOf(running);
    const after = { ...before, client: { ...before.client!, versionMin: 'TLSv1.3' as const } };
    await server.host.reload(new Map([['tls', after]]));
    await connectAfterInfo(port, { maxVersion: 'TLSv1.2' }).then(
      () => assert.unreachable(),
      () => {},
    );
    assert.ok(log.includes('info Reloaded: tls = enabled'));
  }));

test('keys that are pinned by a reload shut out those who are in with another one', () =>
  withServer(`tls { ${CERTIFICATE}, ca_file: "@tls/ca.pem", verify: true }`, [plugin], async (running) => {
    const { server, port, log } = running;
    const inside = connectInProcess(server.broker);
    const pinned = (keys: string[]): Promise<void> => {
      const before = configOf(running);
      return server.host.reload(
        new Map([['tls', { ...before, client: { ...before.client!, pinnedKeys: new Set(keys) } }]]),
      );
    };
    const client = await connectAfterInfo(port, alice);
    await greet(client);
    await pinned([keyDigest(new X509Certificate(alice.cert))]);
    await greet(client);
    await pinned([]);
    await greet(client);
    await pinned(['0'.repeat(64)]);
    await client.untilClosed();
    assert.is(client.text.includes('-ERR'), false);
    assert.ok(log.some((line) => line.endsWith('Client connection closed: TLS Handshake Failure')));
    assert.ok(log.includes('info Reloaded: 1 pinned_certs'));
    assert.is(server.broker.connections.size, 1);
    inside.destroy();
  }));

test('a longer handshake gives more time to log in, from the reload on', () =>
  withServer(`tls { ${CERTIFICATE} }\nauthorization { user: u, password: p }`, [plugin, auth], async (running) => {
    const { broker, host } = { broker: running.server.broker, host: running.server.host };
    assert.is(broker.options.authTimeoutMs, 3000);
    const before = configOf(running);
    await host.reload(new Map([['tls', { ...before, client: { ...before.client!, timeoutMs: 5000 } }]]));
    await broker.hooks.serverReload.slot!({});
    assert.is(broker.options.authTimeoutMs, 6000);
    assert.ok(running.log.includes('info Reloaded: tls timeout = 5'));
  }));

test('a block with a file that cannot be used changes nothing', () =>
  withServer(`tls { ${CERTIFICATE} }`, [plugin], async (running) => {
    const before = configOf(running);
    const after = { ...before, client: { ...before.client!, authorityFile: '/nowhere' } };
    await running.server.host.reload(new Map([['tls', after]])).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'open /nowhere: no such file or directory'),
    );
    await greet(await connectAfterInfo(running.port));
  }));

test('a certificate file that broke is told by a check, and refuses a reload before anything changes', () =>
  withFiles(async (path) => {
    using folder = new Folder();
    const text = `max_payload: 1000\ntls { cert_file: "${path}/cert.pem", key_file: "${path}/key.pem" }\n`;
    folder.write('a.conf', text);
    await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
    writeFileSync(join(path, 'cert.pem'), 'nothing of the kind');
    const mistake =
      'a.conf:2:1: error parsing X509 certificate/key pair: tls: failed to find any PEM data in certificate input';
    const { code, err } = await run(['-c', 'a.conf', '-t'], folder.path);
    assert.is(code, 1);
    assert.match(err, mistake);
    for (const again of [text, text.replace('1000', '2000')]) {
      folder.write('a.conf', again);
      const said = await broker.signal('SIGHUP', 'Failed to reload server configuration: ');
      await broker.err.until('certificate input', broker.err.text.length - said.length);
      assert.not.match(said, 'Reloaded');
      assert.match(broker.lines.at(-1)!, mistake);
    }
    const client = await connectAfterInfo(broker.port);
    assert.is(infoIn(client.clearText).max_payload, 1000);
    await greet(client);
    client.tls.destroy();
  }));

test('what cannot change while the broker runs makes the reload fail', () => {
  const before = { client: null, allowsPlain: false };
  assert.is(reloadRule({ before, after: before }), 'live');
  assert.equal(reloadRule({ before, after: { client: null, allowsPlain: true } }), {
    refuse: 'config reload not supported for AllowNonTLS: old=false, new=true',
  });
});

test('the monitor over HTTPS shows a renewed certificate at once, and asks nobody for one', () =>
  withFiles((folder, put) =>
    withServer(
      `https: "127.0.0.1:-1"\ntls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem", ca_file: "@tls/ca.pem", verify: true }`,
      [plugin, monitoring],
      async ({ server, log }) => {
        const [url] = (server.host.capabilities.find('monitor.address')!.value as { urls(): string[] }).urls();
        assert.ok(log.includes(`info Starting https monitor on ${url!.slice('https://'.length)}`));
        assert.equal(await ask(url!), ['{"status":"ok"}', 'localhost']);
        put('client');
        await server.broker.hooks.serverReload.slot!({});
        assert.equal(await ask(url!), ['{"status":"ok"}', 'alice']);
      },
    ),
  ));

/** The answer, and the name in the certificate. */
async function ask(url: string): Promise<[string, string]> {
  const { get } = await import('node:https');
  return new Promise((resolve, reject) => {
    const request = get(`${url}/healthz`, { rejectUnauthorized: false, agent: false }, (response) => {
      const { CN } = (response.socket as import('node:tls').TLSSocket).getPeerCertificate().subject;
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve([text, String(CN)]));
    });
    request.on('error', reject);
  });
}

test.run();
