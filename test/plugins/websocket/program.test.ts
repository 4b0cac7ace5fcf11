/** The program with a configuration that asks for WebSockets, and lists no plugins. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder } from '../../bin/broker-process.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { RawWebSocket } from './raw-websocket.ts';

const LISTEN = 'listen: "127.0.0.1:-1"';
const TLS = `tls { cert_file: "${TLS_FIXTURES}/server.pem", key_file: "${TLS_FIXTURES}/server-key.pem" }`;

function webSocketPort(broker: BrokerProcess): number {
  return Number(/Listening for websocket clients on wss?:\/\/\S+:(\d+)/.exec(broker.err.text)![1]);
}

test('the block brings everything that guards and serves it, and its port is written down', async () => {
  using folder = new Folder();
  folder.write('a.conf', `websocket { ${LISTEN}, no_tls: true, authorization { user: a, pass: b } }\n`);
  await using broker = await BrokerProcess.start(['-c', 'a.conf', '--ports_file_dir', folder.path], folder.path);
  const port = webSocketPort(broker);
  const stranger = await RawWebSocket.open(port);
  stranger.send('CONNECT {"user":"a","pass":"c"}\r\n');
  assert.equal(await stranger.untilClosed(), { code: 1008, text: 'Authentication Failure' });
  const socket = await RawWebSocket.open(port);
  await socket.connect({ user: 'a', pass: 'b' });
  assert.equal(JSON.parse(folder.read(`nats-server_${broker.pid}.ports`)), {
    nats: [`nats://127.0.0.1:${broker.port}`],
    websocket: [`ws://127.0.0.1:${port}`],
  });
  const said = await broker.signal('SIGTERM', 'Server Exiting..');
  assert.not.match(said, /\[ERR\]/);
  assert.equal(await socket.untilClosed(), { code: 1001, text: 'Server Shutdown' });
  assert.is(await broker.ended(), 0);
});

test('a reload takes a new TLS block, and refuses all else without telling secrets', async () => {
  using folder = new Folder();
  const write = (rest: string): void => void folder.write('a.conf', `websocket { ${LISTEN}, ${rest} }\n`);
  write(TLS);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  assert.match(broker.err.text, /Listening for websocket clients on wss:/);
  write(TLS.replace('tls {', 'tls { timeout: 5,'));
  await broker.signal('SIGHUP', 'Reloaded server configuration');
  write(`${TLS}, authorization { user: a, pass: hidden }`);
  const said = await broker.signal('SIGHUP', 'Failed to reload server configuration');
  assert.match(said, /config reload not supported for Websocket: authorization changed/);
  assert.not.match(said, /hidden/);
  write(TLS.replace('server.pem', 'nowhere.pem'));
  const failed = await broker.signal('SIGHUP', 'Failed to reload server configuration');
  assert.match(failed, /no such file or directory/);
});

test.run();
