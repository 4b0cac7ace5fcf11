/** Leafs whose users and accounts come from an operator: how long they may stay, and by what they are limited. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { Receiver } from '../../../kernel/ports/transport.ts';
import { plugin } from '../../../plugins/leaf/index.ts';
import { settle } from '../../kits/fake-ports.ts';
import { until } from '../../kits/until.ts';
import { ACME, accountToken, BOB, payloadOf, SYSTEM, userToken } from '../operator/issuer.ts';
import { OperatorBench, usualTokens } from '../operator/operator-bench.ts';
import { infoIn } from '../running-server.ts';

const system = accountToken(SYSTEM, {}, { name: 'SYS' });
const READ_BYTES = 65_536;
/** The bench's clock begins here. */
const NOW = Date.UTC(2020, 0, 1) / 1000;

async function startBench(acme = accountToken(ACME), text = ''): Promise<OperatorBench> {
  return OperatorBench.start({
    tokens: await usualTokens(acme, system),
    text: `${text || 'leafnodes { host: 127.0.0.1, port: -1 }'}\ndebug: true`,
    plugins: [plugin as PluginDefinition],
  });
}

class LeafWire implements Receiver {
  text = '';
  isClosed = false;
  private readonly buffer: Uint8Array;
  private readonly write: (text: string) => void;

  constructor(buffer: Uint8Array, write: (text: string) => void) {
    this.buffer = buffer;
    this.write = write;
  }

  static async connect({ ports: { network } }: OperatorBench): Promise<LeafWire> {
    const [name = ''] = network.listening;
    const port = Number(name.slice(name.lastIndexOf(':') + 1));
    const buffer = new Uint8Array(READ_BYTES);
    const transport = await network.connect({
      host: '127.0.0.1',
      port,
      timeoutMs: 1000,
      readBuffer: buffer,
    });
    const wire = new LeafWire(buffer, (text) => void transport.write(Buffer.from(text, 'latin1')));
    transport.start(wire);
    return wire;
  }

  onRead(length: number): void {
    this.onBytes(this.buffer.subarray(0, length));
  }

  onBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }

  onWritten(): void {}

  onClosed(): void {
    this.isClosed = true;
  }

  /** As a leaf that shows this token. */
  async login(bench: OperatorBench, jwt: string): Promise<void> {
    await until(() => this.text.includes('INFO {'));
    const { nonce } = infoIn(this.text) as { nonce: string };
    this.text = '';
    this.send(
      `CONNECT ${JSON.stringify({ name: 'L', cluster: 'L', asks_anew: true, ...bench.proof(jwt, nonce, BOB) })}\r\n`,
    );
    await until(() => this.text.includes('LS+ $LDS') || this.isClosed);
  }

  send(text: string): void {
    this.write(text);
  }

  /** All that came since the last call, once it is over. */
  async lastWords(): Promise<string> {
    await until(() => this.isClosed);
    return this.text;
  }
}

async function leafIn(bench: OperatorBench, jwt: string): Promise<LeafWire> {
  const wire = await LeafWire.connect(bench);
  await wire.login(bench, jwt);
  assert.ok(wire.text.includes(`"remote_account":"${ACME.getPublicKey()}"`), wire.text);
  wire.text = '';
  return wire;
}

test('a leaf has to go when the time of its user is over', async () => {
  const bench = await startBench();
  const wire = await leafIn(bench, await userToken({}, { exp: NOW + 60 }));
  await bench.ports.clock.advance(59_000);
  assert.not.ok(wire.isClosed);
  await bench.ports.clock.advance(1_000);
  assert.ok((await wire.lastWords()).includes("-ERR 'User Authentication Expired'\r\n"), wire.text);
  await bench.server.close();
});

test('a leaf has to go when the time of its account is over', async () => {
  const bench = await startBench(accountToken(ACME, {}, { exp: NOW + 60 }));
  const wire = await leafIn(bench, await userToken());
  await bench.ports.clock.advance(60_000);
  assert.ok((await wire.lastWords()).includes("-ERR 'Account Authentication Expired'\r\n"), wire.text);
  await bench.server.close();
});

test('a leaf whose user is revoked by a new token of the account has to go', async () => {
  const bench = await startBench();
  const bob = await userToken();
  const wire = await leafIn(bench, bob);
  const revocations = { [BOB.getPublicKey()]: payloadOf(bob).iat as number };
  assert.is(await bench.push(ACME, await accountToken(ACME, { revocations })), null);
  assert.ok((await wire.lastWords()).includes("-ERR 'Authorization Violation'\r\n"), wire.text);
  await bench.server.close();
});

test('a new token of the account tells a leaf what it may do now', async () => {
  const bench = await startBench();
  const wire = await leafIn(bench, await userToken());
  const rules = { pub: { allow: ['up'] } };
  assert.is(await bench.push(ACME, await accountToken(ACME, { default_permissions: rules })), null);
  await until(() => wire.text.includes('INFO'));
  assert.equal([infoIn(wire.text).export, infoIn(wire.text).import], [{ allow: ['up'] }, undefined]);
  wire.send('LMSG other 1\r\nx\r\n');
  assert.ok((await wire.lastWords()).includes(`-ERR 'Permissions Violation for Publish to "other"'\r\n`), wire.text);
  await bench.server.close();
});

test('a leaf may send no larger messages, and want no more, than its user may', async () => {
  const bench = await startBench();
  const bob = await userToken({ payload: 10, subs: 2 } as object);
  const wire = await leafIn(bench, bob);
  wire.send('LS+ a\r\nLS+ b\r\nLMSG a 10\r\n0123456789\r\nPING\r\n');
  await until(() => wire.text.includes('PONG'));
  assert.not.ok(wire.text.includes('-ERR'), wire.text);
  wire.send('LS+ c\r\nLS+ d\r\nLS+ e\r\nPING\r\n');
  await until(() => wire.text.split('PONG').length > 2);
  assert.is(wire.text.split("-ERR 'maximum subscriptions exceeded'\r\n").length, 4, wire.text);
  assert.is(bench.errors.filter((line) => line.includes('maximum subscriptions')).length, 1, 'told once');
  wire.send('LMSG a 11\r\n01234567890\r\n');
  assert.ok((await wire.lastWords()).includes("-ERR 'Maximum Payload Violation'\r\n"), wire.text);
  await bench.server.close();
});

test('a leaf is held to what its account allows, and to less when that changes', async () => {
  const bench = await startBench(accountToken(ACME, { limits: { payload: 100 } as never }));
  const wire = await leafIn(bench, await userToken());
  wire.send(`LMSG a 100\r\n${'x'.repeat(100)}\r\nPING\r\n`);
  await until(() => wire.text.includes('PONG'));
  assert.is(await bench.push(ACME, await accountToken(ACME, { limits: { payload: 50 } as never })), null);
  await settle();
  wire.send(`LMSG a 51\r\n${'x'.repeat(51)}\r\n`);
  assert.ok((await wire.lastWords()).includes("-ERR 'Maximum Payload Violation'\r\n"), wire.text);
  await bench.server.close();
});

test('a remote asks for its account, which nobody here has used yet', async () => {
  const hub = await startBench();
  const [name = ''] = hub.ports.network.listening;
  const remote = `{ url: "nats-leaf://${name}", account: ${ACME.getPublicKey()} }`;
  const leaf = await OperatorBench.compose({
    tokens: await usualTokens(accountToken(ACME), system),
    text: `leafnodes { remotes: [${remote}] }`,
    plugins: [plugin as PluginDefinition],
  });
  leaf.ports.network.connect = (options) => hub.ports.network.connect(options);
  await leaf.server.start();
  await until(() => leaf.accounts.asked.includes(ACME.getPublicKey()));
  await leaf.server.close();
  await hub.server.close();
});

test.run();
