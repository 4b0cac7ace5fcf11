/** The authentication plugin of the examples, installed as npm would install it and named in a configuration file. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wsconnect } from '@nats-io/nats-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationError, createServer, type EmbeddedServer } from '../../bin/index.ts';
import { signToken } from '../../examples/plugin-auth-hmac/token.ts';
import { compiledRoot, packageRoot } from '../runner/package-root.ts';

const NAME = 'gnatlet-auth-hmac';
const SECRET = 'a secret of this test';
const HOUR_MS = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'gnatlet-example-'));

test.before(() => {
  const installed = join(folder, 'node_modules', NAME);
  mkdirSync(installed, { recursive: true });
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'gnatlet'), 'dir');
  const source = 'examples/plugin-auth-hmac';
  copyFileSync(join(packageRoot(), source, 'npm', 'package.json'), join(installed, 'package.json'));
  for (const module of ['index.js', 'token.js']) {
    copyFileSync(join(compiledRoot(), source, module), join(installed, module));
  }
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

async function startWith(block: string): Promise<EmbeddedServer> {
  const configFile = join(folder, 'broker.conf');
  writeFileSync(configFile, `plugins: [${NAME}]\nauth_hmac {\n  ${block}\n}\n`);
  return createServer({ configFile }).start();
}

async function login(broker: EmbeddedServer, token: string): Promise<string> {
  try {
    const client = await wsconnect({ ...broker.inProcess(), token });
    const account = client.info!.server_id === '' ? '' : 'welcome';
    await client.close();
    return account;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a token signed with the secret gets in, until it expires; others do not', async () => {
  const broker = await startWith(`secret: "${SECRET}"`);
  const now = Date.now();
  assert.is(await login(broker, signToken(SECRET, { user: 'ann', expiresAt: now + HOUR_MS })), 'welcome');
  assert.match(await login(broker, signToken('another secret', { user: 'ann', expiresAt: now + HOUR_MS })), REFUSED);
  assert.match(await login(broker, signToken(SECRET, { user: 'ann', expiresAt: now - 1 })), REFUSED);
  assert.match(await login(broker, 'nonsense'), REFUSED);
  await broker.close();
});

const REFUSED = /authorization violation/i;

test('mistakes in its block are reported with their places in the file', async () => {
  try {
    await startWith('secret: short\n  colour: red');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, ConfigurationError);
    const places = (error as ConfigurationError).problems.map(({ line, text }) => `${line}: ${text}`);
    assert.is(places.length, 2);
    assert.match(places[0]!, /^3: .*the secret needs 16 characters or more/);
    assert.match(places[1]!, /^4: unknown field "colour"/);
  }
});

test.run();
