import { connect } from '@nats-io/transport-node';
import { connect as connectOld } from 'nats';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin } from '../../../plugins/tls/index.ts';
import { certificate, TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { withServer } from '../running-server.ts';
import { alice, CERTIFICATE } from './secure-client.ts';

const ca = certificate('server').ca.toString();
const own = { cert: alice.cert.toString(), key: alice.key.toString() };

test('the official client publishes, subscribes and requests over TLS', () =>
  withServer(`tls { ${CERTIFICATE} }`, [plugin], async ({ port }) => {
    const client = await connect({ servers: `localhost:${port}`, tls: { ca } });
    client.subscribe('double', {
      callback: (_error, message) => void message.respond(`${message.string()}${message.string()}`),
    });
    assert.is((await client.request('double', 'ab')).string(), 'abab');
    assert.is(client.info?.tls_required, true);
    await client.drain();
  }));

test('the official client shows its certificate where one is asked for, and begins with the handshake where told', () =>
  withServer(
    `tls { ${CERTIFICATE}, ca_file: "@tls/ca.pem", verify: true, handshake_first: true }`,
    [plugin],
    async ({ port }) => {
      const client = await connect({ servers: `localhost:${port}`, tls: { ca, ...own, handshakeFirst: true } });
      await client.flush();
      assert.is(client.info?.tls_verify, true);
      await client.close();
    },
  ));

test('the official client of the older line connects over TLS', () =>
  withServer(`tls { ${CERTIFICATE} }`, [plugin], async ({ port }) => {
    const client = await connectOld({ servers: `localhost:${port}`, tls: { caFile: `${TLS_FIXTURES}/ca.pem` } });
    await client.flush();
    await client.close();
  }));

test('the official client does not trust a broker that nobody vouches for', () =>
  withServer(`tls { ${CERTIFICATE} }`, [plugin], async ({ port }) => {
    await connect({ servers: `localhost:${port}`, tls: {}, reconnect: false }).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /certificate/),
    );
  }));

test.run();
