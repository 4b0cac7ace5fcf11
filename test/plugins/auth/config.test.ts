import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import { AuthBench, readAuthConfig } from './auth-bench.ts';
import { Signer } from './signer.ts';

const K = new Signer(7).nkey;
const ISSUER = encodePublicKey(NkeyKind.account, new Uint8Array(32));
const XKEY = encodePublicKey(NkeyKind.curve, new Uint8Array(32));

/** A configuration, and what is said of it. */
const REFUSED: readonly (readonly [text: string, ...errors: string[]])[] = [
  ['authorization 5', 'x.conf:1:0: interface conversion: interface {} is int64, not map[string]interface {}'],
  ['authorization { users: 5 }', 'x.conf:1:16: Expected users field to be an array, got 5'],
  [
    'authorization { users: [true, false] }',
    'Expected user entry to be a map/struct, got true',
    'Expected user entry to be a map/struct, got false',
  ],
  [
    'authorization { users: {user: u, password: s3cret} }',
    'Expected users field to be an array, got map[password:... user:...]',
  ],
  [
    'authorization { users: [[{password: s3cret}], [s3cret, s3cret]] }',
    'Expected user entry to be a map/struct, got [...]',
    'Expected user entry to be a map/struct, got [... ...]',
  ],
  ['authorization { users: [{user: u, foo: 1}] }', 'unknown field "foo"'],
  ['authorization { users: [{password: x}] }', 'User entry requires a user'],
  ['authorization { users: [{user: ""}] }', 'User entry requires a user'],
  [
    'authorization { users: [{user: 5}] }',
    'interface conversion: interface {} is int64, not string',
    'User entry requires a user',
  ],
  ['authorization { users: [{nkey: UX}] }', 'x.conf:1:25: Not a valid public nkey for a user'],
  [`authorization { users: [{nkey: ${K}A}] }`, 'Not a valid public nkey for a user'],
  [`authorization { users: [{nkey: ${K}, user: x}] }`, 'Nkey users do not take usernames or passwords'],
  [`authorization { users: [{nkey: ${K}}, {nkey: ${K}}] }`, `Duplicate nkey "${K}" detected`],
  ['authorization { users: [{user: u}, {user: u}] }', 'Duplicate user "u" detected'],
  [
    'authorization { users: [{user: u}] }\naccounts { A { users: [{user: u}] } }',
    'x.conf:2:25: Duplicate user "u" detected',
  ],
  ['authorization { user: u, token: t }', 'x.conf:1:0: Cannot have a user/pass and token'],
  ['authorization { user: u, users: [] }', 'Can not have a single user/pass and a users array'],
  ['authorization { token: t, users: [] }', 'Can not have a token and a users array'],
  ['authorization { user: u }\naccounts { A { users: [{user: x}] } }', 'Can not have a single user/pass and accounts'],
  ['authorization { token: t }\naccounts { A { users: [{user: x}] } }', 'Can not have a token and accounts'],
  [
    'authorization { timeout: "x" }',
    `x.conf:1:16: error parsing authorization config, 'timeout' time: invalid duration "x"`,
  ],
  ['authorization { timeout: true }', `error parsing authorization config, 'timeout' wrong type`],
  ['authorization { users: [{user: u, connection_types: foo}] }', 'invalid connection types ["FOO"]'],
  ['authorization { users: [{user: u, clients: [foo, mqtt, bar]}] }', 'invalid connection types ["FOO" "BAR"]'],
  [
    'authorization { users: [{user: u, connection_types: 5}] }',
    'error parsing allowed connection types: unsupported type int64',
  ],
  [
    'authorization { users: [{user: u, connection_types: [true]}] }',
    'error parsing allowed connection types: unsupported type in array bool',
  ],
  ['authorization { permissions: 5 }', 'Expected permissions to be a map/struct, got 5'],
  ['accounts { A { default_permissions: 5 } }', 'Expected permissions to be a map/struct, got 5'],
  [
    'accounts { A { default_permission: {} } }',
    'unknown field "default_permission"; did you mean "default_permissions"?',
  ],
  ['authorization { permissions { zoo: 1 } }', 'Unknown field "zoo" parsing permissions'],
  [
    'authorization { permissions { publish { foo: a } } }',
    `Unknown field name "foo" parsing subject permissions, only 'allow' or 'deny' are permitted`,
  ],
  [
    'authorization { permissions { publish: 5 } }',
    'Expected subject permissions to be a subject, or array of subjects, got int64',
  ],
  ['authorization { permissions { publish: [true] } }', 'Subject in permissions array cannot be cast to string'],
  ['authorization { permissions { publish: "a b" } }', 'subject "a b" is not a valid subject'],
  ['authorization { permissions { publish: "a..b" } }', 'subject "a..b" is not a valid subject'],
  ['authorization { permissions { subscribe: "a b c" } }', 'subject "a b c" is not a valid subject'],
  ['authorization { permissions { subscribe: "a b..c" } }', 'queue "b..c" is not a valid queue'],
  ['authorization { permissions { subscribe: ["a.>.b"] } }', 'subject "a.>.b" is not a valid subject'],
  [
    'authorization { permissions { allow_responses: 5 } }',
    'error parsing response permissions, expected a boolean or a map',
  ],
  [
    'authorization { permissions { allow_responses: {max: x} } }',
    'interface conversion: interface {} is string, not int64',
  ],
  ['authorization { permissions { allow_responses: {ttl: x} } }', 'error parsing expires: time: invalid duration "x"'],
  ['authorization { permissions { allow_responses: {ttl: 5} } }', 'error parsing expires, not a duration string'],
  ['authorization { permissions { allow_responses: {foo: 5} } }', 'Unknown field "foo" parsing permissions'],
  ['no_auth_user: x', 'no_auth_user: "x" present, but users/nkeys are not defined'],
  ['no_auth_user: x\nauthorization { user: x }', 'no_auth_user: "x" present, but users/nkeys are not defined'],
  [
    'no_auth_user: x\nauthorization { users: [{user: y}] }',
    'no_auth_user: "x" not present as user or nkey in authorization block or account configuration',
  ],
  ['no_auth_user: 5', 'interface conversion: interface {} is int64, not string'],
  ['proxies 5', 'expected proxies to be a map/struct, got int64'],
  ['proxies { trusted: 5 }', "expected proxies' trusted field to be an array, got int64"],
  ['proxies { trusted: [true] }', "expected proxies' trusted entry to be a map/struct, got bool"],
  ['proxies { trusted: [{key: UX}] }', 'invalid proxy key "UX"'],
  ['proxies { trust: [] }', 'unknown field "trust"'],
  [
    `authorization { auth_callout { issuer: ${ISSUER}, auth_users: [] } }`,
    'Authorization callouts require authorized users to be specified',
  ],
  ['authorization { auth_callout: 5 }', 'Expected authorization callout to be a map/struct, got 5'],
  [
    `authorization { auth_callout { issuer: ${ISSUER}, users: [u], allowed_accounts: [A, B] } }\naccounts { A {} }`,
    'auth_callout allowed account "B" not found in configured accounts',
  ],
  [
    `authorization { auth_callout { issuer: ${ISSUER}, users: [u], max_pending: 0 } }`,
    'max_pending of 0 lets nobody in, give at least 1',
  ],
];

for (const [text, ...errors] of REFUSED) {
  test(`${text.replace(/\n/g, ' ')} is refused`, () => {
    const found = readAuthConfig(text).errors;
    assert.is(found.length, errors.length, found.join('\n'));
    for (const [at, error] of errors.entries()) assert.ok(found[at]!.includes(error), found[at]);
  });
}

test('all mistakes come to light at once', () => {
  const { errors } = readAuthConfig('authorization { users: [{foo: 1}, {user: u, permissions: {zoo: 1}}], bar: 2 }');
  assert.is(errors.length, 4, errors.join('\n'));
});

test('all mistakes of an auth_callout are told', () => {
  const { errors } = readAuthConfig('authorization { auth_callout { issuer: X, foo: 1, acc: A } }');
  const texts = [
    'Expected callout user to be a valid public account nkey, got "X"',
    'Unknown field "foo" parsing authorization callout',
    'Authorization callouts require authorized users to be specified',
  ];
  for (const text of texts)
    assert.ok(
      errors.some((error) => error.includes(text)),
      `${text}: ${errors.join('\n')}`,
    );
});

test('an auth_callout is read in every spelling', () => {
  const { config, errors } = readAuthConfig(
    `authorization { auth_hook { Issuer: ${ISSUER}, acc: A, users: [u], key: ${XKEY}, max_pending: 1 } }`,
  );
  assert.equal(errors, []);
  const expected = { issuer: ISSUER, account: 'A', authUsers: ['u'], xkey: XKEY, allowedAccounts: [], pendingMax: 1 };
  assert.equal(config.callout, expected);
});

test('a callout that no authenticator acts on keeps the broker from starting', async () => {
  const text = `authorization { auth_callout { issuer: ${ISSUER}, users: [u] } }`;
  const failure = await AuthBench.start(text).then(
    () => '',
    ({ message }: Error) => message,
  );
  assert.match(failure, /"auth_callout" needs the plugin "auth-callout"; list it, or take "auth_callout" out/);
});

test('a long timeout is warned of in the words of the file', () => {
  assert.match(
    readAuthConfig('authorization { timeout: "61s" }').warnings[0]!,
    /^x\.conf:1:16: invalid use of field "timeout": timeout of 61s \(61\.000000 seconds\) is high, consider keeping it under 60 seconds\. possibly caused by unquoted duration; use '1m' instead of 1m, for example$/,
  );
  assert.match(readAuthConfig('authorization { timeout: 120 }').warnings[0]!, /timeout of 120 \(120\.000000 seconds\)/);
  assert.equal(readAuthConfig('authorization { timeout: 60 }').warnings, []);
});

test('every spelling of a key means the same', () => {
  const users = (text: string) => readAuthConfig(`authorization { users: [{user: u, ${text}}] }`).config.users[0]!;
  for (const key of ['permissions', 'permission', 'authorization']) {
    for (const publish of ['publish', 'pub', 'import', 'PUBLISH']) {
      for (const subscribe of ['subscribe', 'sub', 'export']) {
        const { permissions } = users(`${key}: {${publish}: a, ${subscribe}: {allow: [b], deny: c}}`);
        assert.equal(permissions?.publish, { allow: ['a'], deny: [] });
        assert.equal(permissions?.subscribe, { allow: ['b'], deny: ['c'] });
      }
    }
  }
  for (const key of ['allowed_connection_types', 'connection_types', 'clients']) {
    assert.equal(users(`${key}: [mqtt, Standard]`).connectionTypes, ['MQTT', 'STANDARD']);
  }
  for (const key of ['allow_responses', 'publish_allow_responses']) {
    assert.equal(users(`permissions: {${key}: true}`).permissions?.responses, { max: 1, ttlMs: 120_000 });
  }
  for (const key of ['pass', 'password']) assert.is(users(`${key}: x`).password, 'x');
});

test('empty lists of permissions are none, and zero stands for the default', () => {
  const rules = (text: string) =>
    readAuthConfig(`authorization { users: [{user: u, permissions: {${text}}}] }`).config.users[0]!.permissions!;
  assert.equal(rules('publish: {allow: [], deny: []}').publish, { allow: null, deny: [] });
  assert.equal(rules('publish: {}').publish, { allow: null, deny: [] });
  assert.equal(rules('allow_responses: {max: 0, expires: "0s"}').responses, { max: 1, ttlMs: 120_000 });
  assert.equal(rules('allow_responses: {max_msgs: -1, expiration: "-1s"}').responses, { max: -1, ttlMs: -1000 });
  assert.equal(rules('allow_responses: {max: 3, ttl: "1m"}').publish.allow, [], 'nothing else may be published');
  assert.equal(rules('allow_responses: false').publish.allow, null);
});

test('default permissions are for users of their block that have none', () => {
  const { users } = readAuthConfig(`
    authorization { default_permissions { publish: a }, users: [{user: u}, {user: v, permissions: {}}] }
    accounts { A { default_permissions { publish: b }, users: [{user: w}] }, B { users: [{user: x}] } }
  `).config;
  const allowed = Object.fromEntries(users.map(({ user, permissions }) => [user, permissions?.publish.allow ?? null]));
  assert.equal(allowed, { u: ['a'], v: null, w: ['b'], x: null });
});

test.run();
