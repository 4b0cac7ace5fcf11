/** Directories of accounts at servers of a cluster, whichever servers these are: what one has, others get. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUser, encodeOperator, encodeUser, type KeyPair } from '@nats-io/jwt';
import { connect, jwtAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import * as assert from 'uvu/assert';
import { until } from '../../kits/until.ts';
import { type Node, startNode } from '../route/nodes.ts';
import { type AccountToken, TestOperator } from './tokens.ts';

type Add = (node: Promise<Node>) => Promise<Node>;

interface Scene {
  readonly system: AccountToken;
  readonly acme: AccountToken;
  /** Where the server of that name keeps its tokens. */
  folderOf(name: string): string;
  /** Of a server with a directory of that kind. */
  textOf(name: string, kind: string): string;
}

async function sceneIn(folder: string): Promise<Scene> {
  const operator = new TestOperator();
  const [system, acme] = [await operator.account('SYS'), await operator.account('ACME')];
  const token = await encodeOperator('O', operator.pair, {
    system_account: system.key,
    signing_keys: [operator.signing.getPublicKey()],
  });
  const folderOf = (name: string): string => join(folder, name);
  const textOf = (name: string, kind: string): string =>
    `operator: ${token}\nresolver { ${kind}, dir: ${JSON.stringify(folderOf(name))} }\n` +
    `resolver_preload { ${system.key}: ${system.token} }`;
  return { system, acme, folderOf, textOf };
}

async function login({ port }: Node, account: KeyPair): Promise<NatsConnection> {
  const user = createUser();
  const authenticator = jwtAuthenticator(await encodeUser('user', user, account, {}), user.getSeed());
  return connect({ servers: `127.0.0.1:${port}`, authenticator, reconnect: false, maxReconnectAttempts: 0 });
}

async function push(node: Node, { system, acme }: Scene): Promise<void> {
  const admin = await login(node, system.pair);
  const answer = await admin.request('$SYS.REQ.CLAIMS.UPDATE', acme.token, { timeout: 20_000 });
  assert.is(answer.json<{ data: { code: number } }>().data.code, 200);
  await admin.close();
}

async function mayLogIn(node: Node, { pair }: AccountToken): Promise<boolean> {
  const client = await login(node, pair).catch(() => null);
  await client?.close();
  return client !== null;
}

function hasToken(scene: Scene, name: string): boolean {
  const path = join(scene.folderOf(name), `${scene.acme.key}.jwt`);
  return existsSync(path) && readFileSync(path, 'utf8') === scene.acme.token;
}

async function withScene(use: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-directories-'));
  try {
    await use(await sceneIn(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Story = (add: Add, first: string, second: string) => Promise<void>;

export const DIRECTORY_STORIES: Readonly<Record<string, Story>> = {
  'a server that keeps no accounts looks one up at a server that does, when somebody wants in': (add, first, second) =>
    withScene(async (scene) => {
      const full = await add(startNode('A', { text: scene.textOf('A', 'type: full') }, first));
      await push(full, scene);
      const text = scene.textOf('B', 'type: cache');
      const cache = await add(startNode('B', { text, routes: [full.clusterPort] }, second));
      assert.not.ok(hasToken(scene, 'B'));
      await until(() => mayLogIn(cache, scene.acme));
      assert.ok(hasToken(scene, 'B'), 'and it is kept from then on');
    }),

  'a server that comes later gets all accounts in a pack': (add, first, second) =>
    withScene(async (scene) => {
      const full = await add(startNode('A', { text: scene.textOf('A', 'type: full') }, first));
      await push(full, scene);
      const text = scene.textOf('B', 'type: full, interval: "1s"');
      await add(startNode('B', { text, routes: [full.clusterPort] }, second));
      await until(() => hasToken(scene, 'B'));
    }),

  'an account that is pushed is at all servers at once': (add, first, second) =>
    withScene(async (scene) => {
      const a = await add(startNode('A', { text: scene.textOf('A', 'type: full') }, first));
      const text = scene.textOf('B', 'type: full');
      const b = await add(startNode('B', { text, routes: [a.clusterPort] }, second));
      await until(async () => {
        await push(a, scene);
        return hasToken(scene, 'B');
      });
      assert.ok(await mayLogIn(b, scene.acme));
    }),
};
