import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectInProcess } from '../../../kernel/in-process.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { plugin } from '../../../plugins/proxy-protocol/index.ts';
import { encodeProxyBinary, encodeProxyLine } from '../../../protocols/proxy/proxy-header.ts';
import { settle } from '../../kits/fake-ports.ts';
import { startPlugin } from '../../kits/plugin-kit.ts';
import { infoIn, RawClient, withServer } from '../running-server.ts';

const CONFIG = 'proxy_protocol: true';
const SOURCE = { host: '203.0.113.7', port: 40_000 };
const DESTINATION = { host: '192.0.2.1', port: 4222 };
const HELLO = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n';

async function shownAddress(port: number, header: string | Uint8Array): Promise<unknown> {
  const client = await RawClient.connect(port);
  client.send(header);
  client.send(HELLO);
  const { index } = await client.until(/PONG\r\nINFO .*\r\n/);
  client.socket.destroy();
  return infoIn(client.text, index).client_ip;
}

test('a client is known by the address its proxy tells, in text and in binary', () =>
  withServer(CONFIG, [plugin], async ({ port }) => {
    const six = { host: '2001:db8::7', port: 1 };
    assert.is(await shownAddress(port, encodeProxyLine(SOURCE, DESTINATION)), SOURCE.host);
    assert.is(await shownAddress(port, encodeProxyBinary(SOURCE, DESTINATION)), SOURCE.host);
    assert.is(await shownAddress(port, encodeProxyBinary(six, { ...six, port: 2 }, Buffer.from('extra'))), six.host);
  }));

test('a proxy that names nobody leaves the address as it is, and so does the absence of one', () =>
  withServer(CONFIG, [plugin], async ({ port }) => {
    assert.is(await shownAddress(port, encodeProxyLine()), '127.0.0.1');
    assert.is(await shownAddress(port, encodeProxyBinary()), '127.0.0.1');
    assert.is(await shownAddress(port, ''), '127.0.0.1');
  }));

test('the first INFO names no address, since the proxy has not spoken yet', () =>
  withServer(CONFIG, [plugin], async ({ port }) => {
    const client = await RawClient.connect(port);
    await client.until(/INFO .*\r\n/);
    const info = infoIn(client.text);
    assert.is(info.client_ip, undefined);
    assert.type(info.client_id, 'number');
    client.socket.destroy();
  }));

test('a header that comes byte by byte is read as one that comes at once', () =>
  withServer(CONFIG, [plugin], async ({ port, server }) => {
    for (const header of [encodeProxyLine(SOURCE, DESTINATION), encodeProxyBinary(SOURCE, DESTINATION)]) {
      const client = await RawClient.connect(port);
      for (const byte of header) {
        client.send(Uint8Array.of(byte));
        await settle();
      }
      client.send(HELLO);
      await client.until(/PONG/);
      assert.is([...server.broker.connections.values()].at(-1)?.clientIp, SOURCE.host);
      client.socket.destroy();
    }
  }));

test('a damaged header closes the connection without a word, and the log says why', () =>
  withServer(CONFIG, [plugin], async ({ port, log }) => {
    for (const header of ['PROXY TCP4 203.0.113.7\r\n', 'PROXY TCP4 a b 1 2\r\n', `PROXY UNKNOWN ${'x'.repeat(200)}`]) {
      const client = await RawClient.connect(port);
      client.send(header);
      await client.untilClosed();
      assert.match(client.text, /^INFO .*\r\n$/);
    }
    assert.is(
      log.filter((line) => line.startsWith('warn Error reading PROXY protocol header from 127.0.0.1:')).length,
      3,
    );
  }));

test('the monitor and the log show the address the proxy told', () =>
  withServer(`${CONFIG}\nhttp: "127.0.0.1:-1"`, [plugin, monitoring], async ({ port, server, log }) => {
    const client = await RawClient.connect(port);
    client.send(encodeProxyLine(SOURCE, DESTINATION));
    client.send('PUB\r\n');
    await client.untilClosed();
    const [url] = (server.host.capabilities.find('monitor.address')!.value as { urls(): string[] }).urls();
    const answer = (await (await fetch(`${url}/connz?state=closed`)).json()) as { connections: object[] };
    assert.is((answer.connections[0] as { ip: string }).ip, SOURCE.host);
    assert.is((answer.connections[0] as { port: number }).port, SOURCE.port);
    assert.ok(log.some((line) => line.includes(`${SOURCE.host}:${SOURCE.port} - cid:`)));
  }));

/** A wire on which nothing comes before the time is up. */
function silentWire(bytes: string): Transport & { isDestroyed: boolean; isEnded: boolean } {
  const wire = {
    kind: 'tcp',
    remote: { host: '10.0.0.1', port: 7 },
    local: { host: '', port: 0 },
    tls: null,
    unsentBytes: 0,
    isDestroyed: false,
    isEnded: false,
    peek: async (): Promise<Uint8Array> => Buffer.from(bytes),
    discard: (): void => {},
    duplex: (): never => {
      throw new Error('nothing here takes the wire');
    },
    start: (): void => {},
    write: (): boolean => true,
    writeAll: (): boolean => true,
    pause: (): void => {},
    resume: (): void => {},
    end: (): void => {
      wire.isEnded = true;
    },
    destroy: (): void => {
      wire.isDestroyed = true;
    },
  };
  return wire;
}

test('a connection that says nothing, or half a header, is closed when the time is up', async () => {
  const bench = await startPlugin(plugin);
  for (const bytes of ['', 'PRO', 'PROXY TCP4 203.0']) {
    const wire = silentWire(bytes);
    bench.broker.listener.accept(wire);
    await settle();
    assert.ok(wire.isEnded || wire.isDestroyed, `still open after ${JSON.stringify(bytes)}`);
    assert.match(
      bench.log.join('\n'),
      /Error reading PROXY protocol header from 10\.0\.0\.1:7: it did not come in time/,
    );
  }
  await bench.close();
});

test('connections from within the process have no proxy in front', () =>
  withServer(CONFIG, [plugin], async ({ server }) => {
    const wire = connectInProcess(server.broker);
    const bytes = await wire.peek(4096, 1000);
    assert.match(Buffer.from(bytes).toString(), /^INFO /);
    wire.destroy();
  }));

test.run();
