import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectInProcess } from '../../../kernel/in-process.ts';
import { plugin } from '../../../plugins/tls/index.ts';
import { infoIn, RawClient, type RunningServer, withServer } from '../running-server.ts';
import { alice, CERTIFICATE, connectAfterInfo, connectBeside, connectFirst, greet, stranger } from './secure-client.ts';

function withTls(block: string, use: (running: RunningServer) => Promise<void>, top = ''): Promise<void> {
  return withServer(`${top}\ntls { ${CERTIFICATE}, ${block} }`, [plugin], use);
}

const VERIFY = 'ca_file: "@tls/ca.pem", verify: true';

function reasonsIn({ log }: RunningServer): string[] {
  return log.flatMap((line) => /Client connection closed: (.*)/.exec(line)?.[1] ?? []);
}

test('INFO says that TLS is required, and everything after the handshake is as always', () =>
  withTls('', async ({ port, server, log }) => {
    const client = await connectAfterInfo(port);
    const { tls_required, tls_verify, tls_available } = infoIn(client.clearText);
    assert.equal(
      { tls_required, tls_verify, tls_available },
      { tls_required: true, tls_verify: undefined, tls_available: undefined },
    );
    await greet(client);
    const [connection] = server.broker.connections.values();
    const { kind, tls, remote } = connection!.transport;
    assert.equal([kind, remote.host, remote.port], ['tls', '127.0.0.1', client.tls.localPort]);
    assert.equal([tls!.version, tls!.cipher], ['1.3', client.tls.getCipher().standardName]);
    assert.equal(tls!.peerCertificates, []);
    assert.ok(log.includes('info TLS required for client connections'));
    client.tls.destroy();
  }));

test('large messages pass through TLS whole, in both directions', () =>
  withTls('', async ({ port }) => {
    const client = await connectAfterInfo(port);
    const payload = 'x'.repeat(900_000);
    client.send(`CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a ${payload.length}\r\n${payload}\r\nPING\r\n`);
    await client.until(/\r\nPONG\r\n$/);
    assert.ok(client.text.includes(payload));
    client.tls.destroy();
  }));

test('a client that speaks in clear is closed without a word', () =>
  withTls('', async (running) => {
    for (const bytes of ['CONNECT {}\r\nPING\r\n', '\r\n', 'GET / HTTP/1.1\r\n\r\n', '\x15\x03\x01\x00\x02\x02\x28']) {
      const client = await RawClient.connect(running.port);
      await client.until(/INFO .*\r\n/);
      const before = client.text.length;
      client.send(bytes);
      await client.untilClosed();
      assert.is(client.text.length, before);
    }
    assert.equal(new Set(reasonsIn(running)), new Set(['TLS Handshake Failure']));
  }));

test('a client that does not begin the handshake, or does not finish it, is closed when its time is up', () =>
  withTls('timeout: 0.1', async (running) => {
    for (const bytes of [[], [0x16], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]]) {
      const client = await RawClient.connect(running.port);
      await client.until(/INFO .*\r\n/);
      const before = client.text.length;
      if (bytes.length > 0) client.send(Uint8Array.from(bytes));
      await client.untilClosed();
      assert.is(client.text.length, before);
    }
    assert.is(running.log.filter((line) => line.endsWith('TLS handshake timeout')).length, 3);
    assert.equal(reasonsIn(running), Array(3).fill('TLS Handshake Failure'));
  }));

test('a client that goes away in the middle of the handshake leaves nothing behind', () =>
  withTls('', async ({ port, server }) => {
    const client = await RawClient.connect(port);
    await client.until(/INFO .*\r\n/);
    client.send(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    client.socket.destroy();
    while (server.broker.connections.size > 0) await new Promise(setImmediate);
  }));

test('a broker that closes does not wait for handshakes', async () => {
  let client: RawClient | null = null;
  const begun = performance.now();
  await withTls('timeout: 60', async ({ port }) => {
    client = await RawClient.connect(port);
    await client.until(/INFO .*\r\n/);
    client.send(Uint8Array.of(0x16, 0x03, 0x01));
  });
  await client!.untilClosed();
  assert.ok(performance.now() - begun < 10_000);
});

test('bytes that are no TLS after the handshake end the connection', () =>
  withTls('', async ({ port, server }) => {
    const client = await connectBeside(port);
    await greet(client);
    client.beneath!.write('nothing that could be a record');
    await client.untilClosed();
    while (server.broker.connections.size > 0) await new Promise(setImmediate);
  }));

test('where certificates are verified only those get in who show a good one', () =>
  withTls(VERIFY, async (running) => {
    const { port, server } = running;
    for (const shown of [{}, stranger]) {
      const client = await connectAfterInfo(port, { ...shown, maxVersion: 'TLSv1.3' });
      await client.untilClosed();
      assert.is(client.text, '');
    }
    assert.equal(reasonsIn(running), Array(2).fill('TLS Handshake Failure'));
    const client = await connectAfterInfo(port, alice);
    assert.is(infoIn(client.clearText).tls_verify, true);
    await greet(client);
    const [connection] = server.broker.connections.values();
    const [certificate] = connection!.transport.tls!.peerCertificates;
    assert.match(new X509Certificate(certificate!).subject, 'CN=alice');
    client.tls.destroy();
  }));

function pinOf(pem: Buffer): string {
  const key = new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(key).digest('hex');
}

test('pinned certificates shut out all others, however good', async () => {
  await withTls(`${VERIFY}, pinned_certs: ["${pinOf(alice.cert).toUpperCase()}"]`, async ({ port }) => {
    const client = await connectAfterInfo(port, alice);
    await greet(client);
    client.tls.destroy();
  });
  await withTls(`${VERIFY}, pinned_certs: ["${pinOf(stranger.cert)}"]`, async (running) => {
    const client = await connectAfterInfo(running.port, alice);
    await client.untilClosed();
    assert.ok(running.log.some((line) => line.endsWith('TLS handshake error: certificate not pinned')));
  });
});

test('where TLS is only offered both kinds of clients are served', () =>
  withTls(
    '',
    async ({ port, log }) => {
      const plain = await RawClient.connect(port);
      await plain.until(/INFO .*\r\n/);
      const { tls_required, tls_available } = infoIn(plain.text);
      assert.equal({ tls_required, tls_available }, { tls_required: undefined, tls_available: true });
      await greet(plain);
      const secure = await connectAfterInfo(port);
      await greet(secure);
      assert.ok(log.includes('info TLS available for client connections'));
      plain.socket.destroy();
      secure.tls.destroy();
    },
    'allow_non_tls: true',
  ));

test('where TLS is only offered a client that stays silent for the time of a handshake is a plain one', () =>
  withTls(
    'timeout: 0.1',
    async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.until(/INFO .*\r\n/);
      await new Promise((resolve) => setTimeout(resolve, 150));
      await greet(client);
      client.socket.destroy();
    },
    'allow_non_tls: true',
  ));

test('with the handshake first INFO comes inside TLS only', () =>
  withTls('handshake_first: true', async (running) => {
    const secure = await connectFirst(running.port);
    await secure.until(/INFO .*\r\n/);
    assert.is(infoIn(secure.text).tls_required, true);
    await greet(secure);
    const [connection] = running.server.broker.connections.values();
    assert.is((connection!.transport.tls as { isFirst?: boolean }).isFirst, true);
    const plain = await RawClient.connect(running.port);
    plain.send('CONNECT {}\r\n');
    await plain.untilClosed();
    assert.is(plain.text, '');
    assert.ok(
      running.log.includes('warn Clients that are not using "TLS Handshake First" option will fail to connect'),
    );
    secure.tls.destroy();
  }));

test('with a way back, clients of both kinds get in', async () => {
  for (const value of ['auto', '"80ms"']) {
    await withTls(`handshake_first: ${value}`, async ({ port }) => {
      const first = await connectFirst(port);
      await first.until(/INFO .*\r\n/);
      await greet(first);
      const waiting = await connectAfterInfo(port);
      assert.is(infoIn(waiting.clearText).tls_required, true);
      await greet(waiting);
      assert.not.match(waiting.text, 'INFO', 'INFO comes once');
      first.tls.destroy();
      waiting.tls.destroy();
    });
  }
});

test('where TLS is only offered it may come first all the same, and a plain client is served', async () => {
  for (const value of ['true', 'auto']) {
    await withTls(
      `handshake_first: ${value}`,
      async ({ port, server }) => {
        const first = await connectFirst(port);
        await first.until(/INFO .*\r\n/);
        const { tls_required, tls_available } = infoIn(first.text);
        assert.equal({ tls_required, tls_available }, { tls_required: true, tls_available: true });
        await greet(first);
        const [connection] = server.broker.connections.values();
        assert.is((connection!.transport.tls as { isFirst?: boolean }).isFirst, true);
        const plain = await RawClient.connect(port);
        await greet(plain);
        assert.is(infoIn(plain.text).tls_required, undefined);
        assert.is(plain.text.split('INFO ').length, 2, 'INFO comes once');
        first.tls.destroy();
        plain.socket.destroy();
      },
      'allow_non_tls: true',
    );
  }
});

test('where TLS is offered first, with a way back, clients that wait for INFO get it in clear', () =>
  withTls(
    'handshake_first: "30ms", timeout: 60',
    async ({ port }) => {
      const plain = await RawClient.connect(port);
      await plain.until(/INFO .*\r\n/);
      assert.is(infoIn(plain.text).tls_available, true);
      await greet(plain);
      const secure = await connectAfterInfo(port);
      await greet(secure);
      plain.socket.destroy();
      secure.tls.destroy();
    },
    'allow_non_tls: true',
  ));

test('where TLS is offered first without a way back, a silent client gets INFO when the time is up', () =>
  withTls(
    'handshake_first: true, timeout: 0.1',
    async ({ port }) => {
      const plain = await RawClient.connect(port);
      await plain.until(/INFO .*\r\n/);
      await greet(plain);
      plain.socket.destroy();
    },
    'allow_non_tls: true',
  ));

test('no more handshakes are begun in a second than allowed', () =>
  withTls('connection_rate_limit: 1', async (running) => {
    const limited = () => running.server.broker.statistics().more['tls.rate_limited_total'];
    const first = await connectAfterInfo(running.port);
    await greet(first);
    assert.is(limited(), 0);
    const second = await RawClient.connect(running.port);
    await second.until(/INFO .*\r\n/);
    await second.until(/-ERR 'Connection throttling is active\. Please try again later\.'\r\n$/);
    await second.untilClosed();
    assert.is(limited(), 1);
    assert.equal(reasonsIn(running), ['Maximum Connections Exceeded']);
    first.tls.destroy();
    await running.server.close();
    assert.ok(running.log.includes('warn Rejected 1 connections due to TLS rate limiting'));
  }));

test('the oldest version, the suites and the curves are those of the configuration', async () => {
  await withTls('min_version: "1.3"', async ({ port }) => {
    await connectAfterInfo(port, { maxVersion: 'TLSv1.2' }).then(
      () => assert.unreachable(),
      () => {},
    );
  });
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
  await withTls(`cipher_suites: [${suite}], curve_preferences: [CurveP384]`, async ({ port }) => {
    const client = await connectAfterInfo(port, { maxVersion: 'TLSv1.2' });
    assert.is(client.tls.getCipher().standardName, suite);
    assert.is((client.tls.getEphemeralKeyInfo() as { name?: string }).name, 'secp384r1');
    client.tls.destroy();
    await connectAfterInfo(port, { maxVersion: 'TLSv1.2', ecdhCurve: 'X25519' }).then(
      () => assert.unreachable(),
      () => {},
    );
  });
});

test('of several certificates a client gets the one for the host it asks for', () =>
  withServer(
    'tls { certs: [{cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem"}, {cert_file: "@tls/client.pem", key_file: "@tls/client-key.pem"}] }',
    [plugin],
    async ({ port }) => {
      const names: [string | undefined, string][] = [
        [undefined, 'localhost'],
        ['localhost', 'localhost'],
        ['nobody.example.com', 'localhost'],
        ['alice.example.com', 'alice'],
      ];
      for (const [servername, expected] of names) {
        const client = await connectAfterInfo(port, { servername, rejectUnauthorized: false });
        assert.match(client.tls.getPeerX509Certificate()!.subject, expected);
        client.tls.destroy();
      }
    },
  ));

const CHACHA_FIRST = 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256';
const AES_FIRST = 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305';

test('the suite is the one the broker prefers, but ChaCha20 for a client that prefers it', () =>
  withTls('', async ({ port }) => {
    const suiteFor = async (ciphers: string): Promise<string> => {
      const client = await connectAfterInfo(port, { ciphers, maxVersion: 'TLSv1.2' });
      const { name } = client.tls.getCipher();
      client.tls.destroy();
      return name;
    };
    assert.is(await suiteFor(AES_FIRST), 'ECDHE-ECDSA-AES128-GCM-SHA256');
    assert.is(await suiteFor(CHACHA_FIRST), 'ECDHE-ECDSA-CHACHA20-POLY1305');
  }));

test('key exchanges are those of a NATS server, in an order of their own', async () => {
  const exchangeFor = async (
    port: number,
    ecdhCurve: string,
    maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
  ): Promise<string> => {
    const client = await connectAfterInfo(port, { ecdhCurve, maxVersion });
    const { name } = client.tls.getEphemeralKeyInfo() as { name: string };
    client.tls.destroy();
    return name;
  };
  const refused = (port: number, curve: string): Promise<string> => exchangeFor(port, curve).catch(() => 'refused');
  await withTls('', async ({ port }) => {
    assert.is(await exchangeFor(port, 'P-521:P-256:X25519', 'TLSv1.2'), 'X25519');
    assert.is(await exchangeFor(port, 'P-521'), 'secp521r1');
    assert.is(await refused(port, 'X448'), 'refused');
  });
  await withTls('curve_preferences: [CurveP384, X25519]', async ({ port }) => {
    assert.is(await exchangeFor(port, 'P-384:X25519:P-256', 'TLSv1.2'), 'X25519');
    assert.is(await refused(port, 'P-256'), 'refused');
  });
});

test('a connection from within the process may do without TLS', () =>
  withTls('handshake_first: true', async ({ server }) => {
    const wire = connectInProcess(server.broker);
    const bytes = await wire.peek(4096, 1000);
    assert.is(infoIn(Buffer.from(bytes).toString()).tls_available, true);
    wire.write(Buffer.from('PING\r\n'));
    wire.discard(bytes.length);
    assert.match(Buffer.from(await wire.peek(6, 1000)).toString(), 'PONG');
    wire.destroy();
  }));

test('more connections than allowed are told so in clear', () =>
  withTls(
    'handshake_first: true',
    async ({ port }) => {
      const first = await connectFirst(port);
      await first.until(/INFO .*\r\n/);
      const second = await RawClient.connect(port);
      await second.untilClosed();
      assert.is(second.text, "-ERR 'maximum connections exceeded'\r\n");
      first.tls.destroy();
    },
    'max_connections: 1',
  ));

test.run();
