/** Who gets in, and what they may do there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser } from 'nkeys.js';
import * as assert from 'uvu/assert';
import { packageRoot } from '../runner/package-root.ts';
import type { Denial } from './clients.ts';
import { type Behaviour, texts } from './stage.ts';

const REFUSED = /authorization[ _]?violation/i;
const FIXTURES = join(packageRoot(), 'test', 'fixtures', 'tls');
const key = createUser();
const seed = Buffer.from(key.getSeed()).toString();

const fixture = (name: string): string => join(FIXTURES, name);
const pem = (name: string): string => readFileSync(fixture(name), 'utf8');

function named({ operation, subject }: Denial): Denial {
  return { operation, subject };
}

const ACCOUNTS = {
  accounts: {
    EAST: { users: [{ user: 'east', password: 'secret' }] },
    WEST: { users: [{ user: 'west', password: 'secret' }] },
  },
};

const LIMITED = {
  authorization: {
    users: [
      { user: 'boss', password: 'secret' },
      {
        user: 'clerk',
        password: 'secret',
        permissions: { publish: { allow: ['desk.>', '_INBOX.>'] }, subscribe: { allow: ['desk.>', '_INBOX.>'] } },
      },
    ],
  },
};

export const ACCESS_BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'a user with the right password gets in, others do not',
    config: { authorization: { user: 'ann', password: 'secret' } },
    async run(stage) {
      const connection = await stage.connect({ user: 'ann', pass: 'secret' });
      await connection.flush();
      assert.match(await stage.refusal({ user: 'ann', pass: 'wrong' }), REFUSED);
      assert.match(await stage.refusal({ user: 'bob', pass: 'secret' }), REFUSED);
      assert.match(await stage.refusal({}), REFUSED);
    },
  },
  {
    name: 'the token gets in, another does not',
    config: { authorization: { token: 'open-sesame' } },
    async run(stage) {
      await (await stage.connect({ token: 'open-sesame' })).flush();
      assert.match(await stage.refusal({ token: 'close-sesame' }), REFUSED);
    },
  },
  {
    name: 'a user proves who it is with its nkey',
    config: { authorization: { users: [{ nkey: key.getPublicKey() }] } },
    async run(stage) {
      const { client } = stage;
      await (await stage.connect({ authenticator: client.nkeyAuthenticator(seed) })).flush();
      const stranger = Buffer.from(createUser().getSeed()).toString();
      assert.match(await stage.refusal({ authenticator: client.nkeyAuthenticator(stranger) }), REFUSED);
    },
  },
  {
    name: 'what happens in one account is invisible in the other',
    config: ACCOUNTS,
    async run(stage) {
      const east = await stage.connect({ user: 'east', pass: 'secret' });
      const west = await stage.connect({ user: 'west', pass: 'secret' });
      const heard = west.subscribe('news');
      await west.flush();
      east.publish('news', 'from the east');
      await east.flush();
      west.publish('news', 'from the west');
      assert.equal(await texts(heard, 1), ['from the west']);
    },
  },
  {
    name: 'a publish that is not permitted is reported, and reaches nobody',
    config: LIMITED,
    async run(stage) {
      const clerk = await stage.connect({ user: 'clerk', pass: 'secret' });
      const boss = await stage.connect({ user: 'boss', pass: 'secret' });
      const all = boss.subscribe('>');
      await boss.flush();
      const denial = stage.client.nextDenial(clerk);
      clerk.publish('safe.open', 'now');
      assert.equal(named(await denial), { operation: 'publish', subject: 'safe.open' });
      clerk.publish('desk.clean', 'done');
      assert.equal(await texts(all, 1), ['done']);
    },
  },
  {
    name: 'a subscription that is not permitted is reported and ends, and the connection lives on',
    config: LIMITED,
    async run(stage) {
      const clerk = await stage.connect({ user: 'clerk', pass: 'secret' });
      const denial = stage.client.nextDenial(clerk);
      clerk.subscribe('safe.>', { callback: () => {} });
      assert.equal(named(await denial), { operation: 'subscription', subject: 'safe.>' });
      await clerk.flush();
    },
  },
  {
    name: 'a connection over TLS checks the broker and is checked by it',
    isRemoteOnly: true,
    config: {
      tls: {
        cert_file: fixture('server.pem'),
        key_file: fixture('server-key.pem'),
        ca_file: fixture('ca.pem'),
        verify: true,
      },
    },
    async run(stage) {
      const tls = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client-key.pem') };
      const connection = await stage.connect({ tls });
      assert.is(connection.info?.tls_required, true);
      const subscription = connection.subscribe('secret');
      connection.publish('secret', 'x'.repeat(100_000));
      assert.equal((await texts(subscription, 1))[0]!.length, 100_000);
      await stage.refusal({ tls: { cert: tls.cert, key: tls.key } });
      await stage.refusal({ tls: { ca: tls.ca } });
    },
  },
];
