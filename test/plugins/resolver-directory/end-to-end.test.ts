import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccount, createUser, encodeOperator, encodeUser, type KeyPair } from '@nats-io/jwt';
import { connect, jwtAuthenticator, type NatsConnection, RequestError } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';
import { BrokerProcess, Folder } from '../../bin/broker-process.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import type { Reply } from './resolver-host.ts';
import { type AccountToken, TestOperator, timedTokens } from './tokens.ts';

/** A machine may be busy with other things. */
const PATIENCE = { timeout: 20_000 };

const operator = new TestOperator();
const system = await operator.account('SYS');
const acme = await operator.account('ACME');
const operatorToken = await encodeOperator('O', operator.pair, {
  system_account: system.key,
  signing_keys: [operator.signing.getPublicKey()],
});

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-resolver-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configuration(resolver: string, preloads: readonly AccountToken[] = [system]): string {
  const preload = preloads.map(({ key, token }) => `${key}: ${token}`).join('\n');
  return `operator: ${operatorToken}\nresolver: ${resolver}\nresolver_preload {\n${preload}\n}`;
}

/** With the plugins the configuration asks for, as a user would have them. */
async function withServer(text: string, use: (port: number) => Promise<void>): Promise<void> {
  const log: string[] = [];
  const full = `host: 127.0.0.1\nport: -1\n${text}\n`;
  const server = await composeServer({ text: full, path: 'test.conf', log: listLog(log) });
  try {
    await server.start();
    await use(server.address!.port);
  } finally {
    await server.close();
  }
}

async function login(port: number, account: KeyPair): Promise<NatsConnection> {
  const user = createUser();
  const token = await encodeUser('user', user, account, {});
  const authenticator = jwtAuthenticator(token, user.getSeed());
  return connect({ servers: `127.0.0.1:${port}`, authenticator, reconnect: false, maxReconnectAttempts: 0 });
}

async function push(client: NatsConnection, subject: string, body: string): Promise<string> {
  const answer = (await client.request(subject, body, PATIENCE)).json<Reply & { server: { id: string } }>();
  assert.match(answer.server.id, /^N[A-Z2-7]{55}$/);
  return answer.data?.message ?? answer.error!.description;
}

test('an account is pushed, its user logs in, and it is deleted', () =>
  withFolder((folder) =>
    withServer(configuration(`{type: full, dir: "${folder}/jwt", allow_delete: true}`), async (port) => {
      assert.is(await login(port, acme.pair).catch((error: Error) => error.message), 'Authorization Violation');
      const admin = await login(port, system.pair);
      assert.is(await push(admin, '$SYS.REQ.CLAIMS.UPDATE', acme.token), 'jwt updated');
      const client = await login(port, acme.pair);
      const answers = client.subscribe('q', { callback: (_error, message) => void message.respond('a') });
      assert.is((await client.request('q')).string(), 'a');
      answers.unsubscribe();
      assert.equal(readdirSync(`${folder}/jwt`), [`${acme.key}.jwt`, `${system.key}.jwt`].sort());
      const closed = client.closed();
      assert.is(await push(admin, '$SYS.REQ.CLAIMS.DELETE', operator.deletion([acme.key])), 'deleted 1 accounts');
      await closed;
      assert.is(await login(port, acme.pair).catch((error: Error) => error.message), 'Authorization Violation');
      await admin.close();
    }),
  ));

test('users of other accounts reach none of the requests', () =>
  withFolder((folder) =>
    withServer(configuration(`{type: full, dir: "${folder}"}`, [system, acme]), async (port) => {
      const client = await login(port, acme.pair);
      const other = await operator.account('OTHER');
      for (const subject of [
        '$SYS.REQ.CLAIMS.UPDATE',
        `$SYS.REQ.ACCOUNT.${other.key}.CLAIMS.UPDATE`,
        `$SYS.ACCOUNT.${other.key}.CLAIMS.UPDATE`,
        `$SYS.REQ.ACCOUNT.${system.key}.CLAIMS.LOOKUP`,
        '$SYS.REQ.CLAIMS.LIST',
        '$SYS.REQ.CLAIMS.DELETE',
        '$SYS.REQ.CLAIMS.PACK',
      ]) {
        const failure = await client.request(subject, other.token).catch((error: RequestError) => error);
        assert.ok(failure instanceof RequestError && failure.isNoResponders(), subject);
      }
      assert.equal(readdirSync(folder), [`${acme.key}.jwt`, `${system.key}.jwt`].sort());
      await client.close();
    }),
  ));

test('what was pushed is there after a restart, and the system account bootstraps itself', () =>
  withFolder(async (folder) => {
    const text = configuration(`{type: full, dir: "${folder}"}`, []).replace(/resolver_preload[^}]*\}/, '');
    await withServer(text, async (port) => {
      const admin = await login(port, system.pair);
      assert.is(await push(admin, '$SYS.REQ.CLAIMS.UPDATE', system.token), 'jwt updated');
      assert.is(await push(admin, `$SYS.REQ.ACCOUNT.${acme.key}.CLAIMS.UPDATE`, acme.token), 'jwt updated');
      await admin.close();
    });
    await withServer(text, async (port) => {
      const client = await login(port, acme.pair);
      await client.close();
    });
  }));

test("a user of an account in memory logs in, and a stranger's does not", () =>
  withServer(configuration('MEMORY', [system, acme]), async (port) => {
    const client = await login(port, acme.pair);
    await client.close();
    assert.is(await login(port, createAccount()).catch((error: Error) => error.message), 'Authorization Violation');
  }));

/** Each is pushed when the one before is acknowledged, until the broker is gone. */
async function pushAll(
  client: NatsConnection,
  accounts: readonly AccountToken[],
  done: (one: AccountToken) => void,
): Promise<void> {
  for (const account of accounts) {
    const answer = await client.request('$SYS.REQ.CLAIMS.UPDATE', account.token, PATIENCE).catch(() => null);
    if (answer === null) return;
    assert.is(answer.json<Reply>().data?.message, 'jwt updated');
    done(account);
  }
}

test('a broker that is killed loses nothing of what it acknowledged, and no file is torn', async () => {
  using folder = new Folder();
  const file = folder.write('server.conf', configuration(`{type: full, dir: "${folder.path}/jwt"}`));
  const accounts = timedTokens(operator, 120);
  const acknowledged: AccountToken[] = [];
  for (const round of [0, 1, 2]) {
    await using broker = await BrokerProcess.start(['-c', file]);
    const admin = await login(broker.port, system.pair);
    const killAt = acknowledged.length + 5 + 4 * round;
    const done = (one: AccountToken): void => {
      if (acknowledged.push(one) === killAt) broker.child.kill('SIGKILL');
    };
    const batches = [0, 20].map((from) => accounts.slice(40 * round + from, 40 * round + from + 20));
    await Promise.all(batches.map((batch) => pushAll(admin, batch, done)));
    await admin.close();
  }
  for (const { key, token } of acknowledged) assert.is(folder.read(`jwt/${key}.jwt`), token);
  const known = new Map(accounts.map(({ key, token }) => [`${key}.jwt`, token]));
  for (const name of readdirSync(folder.file('jwt')).filter((one) => known.has(one))) {
    assert.is(folder.read(`jwt/${name}`), known.get(name));
  }
  assert.ok(acknowledged.length >= 27 && acknowledged.length < 120, `${acknowledged.length} acknowledged`);
});

test.run();
