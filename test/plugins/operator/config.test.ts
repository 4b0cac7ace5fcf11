import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Configuration, ConfigurationError, readSoundConfiguration } from '../../../bin/configuration.ts';
import { NATS_VERSION } from '../../../kernel/version.ts';
import type { OperatorConfig } from '../../../plugins/operator/config.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { asserting, MISTAKES, major, withResolver } from './config-mistakes.ts';
import { ACME, OPERATOR, OPERATOR_SIGNER, operatorToken, SYSTEM } from './issuer.ts';

const operator = await operatorToken({ signing_keys: [OPERATOR_SIGNER.getPublicKey()] });
const other = await operatorToken({ system_account: ACME.getPublicKey() });
const homeless = await operatorToken({ system_account: '' });
const acme = ACME.getPublicKey();
const key = OPERATOR.getPublicKey();

function read(text: string): Promise<Configuration> {
  return readSoundConfiguration({
    text,
    path: 'x.conf',
    plugins: ['auth', 'operator'],
    clock: createFakePorts().clock,
  });
}

async function configOf(text: string): Promise<OperatorConfig> {
  const { plugins } = await read(text);
  return plugins.find(({ definition }) => definition.name === 'operator')!.config as OperatorConfig;
}

async function mistakesIn(text: string): Promise<string> {
  try {
    await read(text);
    return '';
  } catch (error) {
    assert.instance(error, ConfigurationError);
    return (error as ConfigurationError).message;
  }
}

for (const [what, [text, problem]] of Object.entries(MISTAKES)) {
  test(`refused in the words of a NATS server: ${what}`, async () => {
    assert.ok((await mistakesIn(text)).includes(problem), await mistakesIn(text));
  });
}

test('a token may stand in a file, plain or as tools write it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'operator-'));
  try {
    const decorated = `-----BEGIN OPERATOR JWT-----\n${operator}\n------END OPERATOR JWT------\n`;
    for (const content of [`${operator}\n`, decorated]) {
      const path = join(folder, 'op.jwt');
      writeFileSync(path, content);
      const { operators } = await configOf(`operator: "${path}"\nresolver: MEMORY`);
      assert.equal(
        operators.map(({ token }) => token),
        [operator],
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('keys and aliases', async () => {
  for (const alias of ['operators', 'root', 'roots', 'root_operator', 'root_operators']) {
    const { trustedKeys } = await configOf(`${alias}: [${operator}]\naccount_resolver: mem`);
    assert.equal(trustedKeys, [key, OPERATOR_SIGNER.getPublicKey()]);
  }
  assert.equal((await configOf(`trusted: [${key}]\naccounts_resolver: Memory`)).trustedKeys, [key]);
});

test('where only signing keys count, the operator itself is not among the trusted', async () => {
  const strict = await operatorToken({
    strict_signing_key_usage: true,
    signing_keys: [OPERATOR_SIGNER.getPublicKey()],
  });
  const { isStrict, trustedKeys } = await configOf(`operator: ${strict}\nresolver: MEMORY`);
  assert.equal([isStrict, trustedKeys], [true, [OPERATOR_SIGNER.getPublicKey()]]);
});

test('an operator may say where its accounts are found, and the configuration knows better', async () => {
  const served = await operatorToken({ account_server_url: 'http://localhost:9090/jwt/v1' });
  assert.is((await configOf(`operator: ${served}`)).resolver!.url, 'http://localhost:9090/jwt/v1/accounts');
  assert.is((await configOf(`operator: ${served}\nresolver: MEMORY`)).resolver!.type, 'memory');
  assert.is((await configOf('resolver: URL("http://x/y/")')).resolver!.url, 'http://x/y/');
});

test("the system account is the configuration's, else the one operator's", async () => {
  assert.is((await configOf(withResolver(''))).systemAccount, SYSTEM.getPublicKey());
  assert.is((await configOf(`operator: ${homeless}\nresolver: MEMORY\nsystem_account: ${acme}`)).systemAccount, acme);
  assert.is(
    (await configOf(`operator: [${operator}, ${other}]\nresolver: MEMORY\nsystem_account: ${acme}`)).systemAccount,
    acme,
  );
  assert.is((await configOf(`operator: ${homeless}\nresolver: MEMORY`)).systemAccount, null);
});

test('a cache keeps a thousand accounts unless told otherwise', async () => {
  assert.is((await configOf('resolver: {type: cache, dir: x}')).resolver!.accountsMax, 1000);
  assert.is((await configOf('resolver: {type: cache, dir: x, limit: 7}')).resolver!.accountsMax, 7);
  assert.is((await configOf('resolver: {type: full, dir: x}')).resolver!.accountsMax, 0);
});

test('the version an operator asks for may be this one', async () => {
  assert.is(await mistakesIn(await asserting(NATS_VERSION)), '');
  assert.is(await mistakesIn(await asserting(`${major - 1}.99.99`)), '');
});

test.run();
