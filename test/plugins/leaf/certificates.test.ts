/** Hubs that know leafs by their certificates, and leafs that are told what is wrong with theirs. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { until } from '../../kits/until.ts';
import { withNodes } from '../route/nodes.ts';
import { addNode } from './clustered.ts';
import { hubText, type LeafNode, spokeText } from './nodes.ts';

const SERVER = 'cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem", ca_file: "@tls/ca.pem"';
/** Of alice@example.com. */
const ALICE = 'tls { cert_file: "@tls/client.pem", key_file: "@tls/client-key.pem", ca_file: "@tls/ca.pem" }';
const MAPS = `tls { ${SERVER}, verify_and_map: true }`;
const ACCOUNTS =
  'accounts { APP { users: [{user: app, password: app}] }, OTHER { users: [{user: "carol@example.com"}] } }';

type Wanted = readonly [name: string, users: string, accounts: string, account: string];

const KNOWN: readonly Wanted[] = [
  ['a mail address', 'authorization { users: [{user: "alice@example.com", account: APP}] }', ACCOUNTS, 'APP'],
  ['its subject', 'authorization { users: [{user: "CN=alice,O=gnatlet tests", account: APP}] }', ACCOUNTS, 'APP'],
  ['a user of the server', '', 'accounts { HERS { users: [{user: "alice@example.com"}] } }', 'HERS'],
];

for (const [name, users, accounts, account] of KNOWN) {
  test(`a leaf is the user its certificate names: by ${name}`, () =>
    withNodes(async (add) => {
      const hub = await addNode(add, 'hub', `${accounts}\n${hubText(`${MAPS}, ${users}`)}`);
      await addNode(add, 'leaf', spokeText(hub, ALICE));
      await hasLeafIn(hub, account);
    }));
}

test('what a leaf calls itself counts for nothing where certificates say who leafs are', () =>
  withNodes(async (add) => {
    const users = 'authorization { users: [{user: "bob@example.com", account: APP}] }';
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText(`${MAPS}, ${users}`)}`);
    await addNode(add, 'leaf', spokeText(hub, ALICE, 'bob%40example.com@'));
    await isRefused(hub);
  }));

test('nobody is let in by the bare name of a user of the server that certificates stand for', () =>
  withNodes(async (add) => {
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText(MAPS)}`);
    await addNode(add, 'leaf', spokeText(hub, ALICE, 'carol%40example.com@'));
    await isRefused(hub);
  }));

test('a single user of the block is asked for its password, as without certificates', () =>
  withNodes(async (add) => {
    const users = 'authorization { user: app, password: secret, account: APP }';
    const hub = await addNode(add, 'hub', `${ACCOUNTS}\n${hubText(`${MAPS}, ${users}`)}`);
    await addNode(add, 'leaf', spokeText(hub, ALICE, 'app:secret@'));
    await hasLeafIn(hub, 'APP');
  }));

test('a leaf without TLS comes as before where clients are told by certificates', () =>
  withNodes(async (add) => {
    const accounts = 'accounts { APP { users: [{user: app, password: app}, {user: "alice@example.com"}] } }';
    const hub = await addNode(add, 'hub', `tls { ${SERVER}, verify_and_map: true }\n${accounts}\n${hubText()}`);
    await addNode(add, 'leaf', spokeText(hub, '', 'app:app@'));
    await hasLeafIn(hub, 'APP');
  }));

test('a leaf whose certificate is refused says so, once', () =>
  withNodes(async (add) => {
    const hub = await addNode(add, 'hub', hubText(`tls { ${SERVER}, verify: true }`));
    const leaf = await addNode(
      add,
      'leaf',
      spokeText(hub, 'tls { ca_file: "@tls/ca.pem" }').replace('{', '{ reconnect: "20ms",'),
    );
    const said = (): string[] => leaf.log.filter((line) => line.includes('the hub closed the connection'));
    await until(() => said().length >= 3);
    assert.is(said().filter((line) => line.startsWith('error ')).length, 1);
  }));

test('a remote shows the certificate that is in its file when a reload comes', () =>
  withNodes(async (add) => {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-leaf-'));
    const show = (name: string): void => {
      for (const end of ['.pem', '-key.pem'])
        copyFileSync(join(TLS_FIXTURES, `${name}${end}`), join(folder, `own${end}`));
    };
    try {
      show('stranger');
      const hub = await addNode(add, 'hub', hubText(`tls { ${SERVER}, verify: true }`));
      const own = `cert_file: "${folder}/own.pem", key_file: "${folder}/own-key.pem"`;
      const leaf = await addNode(add, 'leaf', spokeText(hub, `tls { ${own}, ca_file: "@tls/ca.pem" }`));
      await until(() => hub.log.some((line) => line.includes('TLS leafnode handshake error')));
      show('client');
      const { hooks, options } = leaf.server!.broker;
      await hooks.serverReload.slot!({ before: options, after: options });
      await hasLeafIn(hub, '$G');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }));

async function hasLeafIn({ log }: LeafNode, account: string): Promise<void> {
  await until(() => log.some((line) => line.includes('Leafnode connection created for account')));
  assert.ok(
    log.some((line) => line.endsWith(`Leafnode connection created for account: ${account}`)),
    log.join('\n'),
  );
}

async function isRefused({ log }: LeafNode): Promise<void> {
  await until(() => log.some((line) => line.includes('authentication error')));
  assert.not(log.some((line) => line.includes('Leafnode connection created for account')));
}

test.run();
