/** What does not go together, and what a NATS server says of it. */
import { NATS_VERSION } from '../../../kernel/version.ts';
import {
  ACME,
  accountToken,
  OPERATOR,
  OPERATOR_SIGNER,
  operatorToken,
  pairOf,
  payloadOf,
  signedToken,
  userToken,
} from './issuer.ts';

const operator = await operatorToken({ signing_keys: [OPERATOR_SIGNER.getPublicKey()] });
const homeless = await operatorToken({ system_account: '' });
const acme = ACME.getPublicKey();
const key = OPERATOR.getPublicKey();

export async function asserting(version: string): Promise<string> {
  return `operator: ${await operatorToken({ assert_server_version: version })}\nresolver: MEMORY`;
}

export const [major, minor, update] = NATS_VERSION.split('.').map(Number) as [number, number, number];
export const withResolver = (line: string): string => `operator: ${operator}\nresolver: MEMORY\n${line}`;
const bearerless = await userToken();

export const MISTAKES: Readonly<Record<string, readonly [text: string, problem: string]>> = {
  'an operator of the wrong type': ['operator: 5', 'error parsing operators: unsupported type int64'],
  'an operator that is no token': ['operator: eyJx', 'error parsing operator JWT: expected 3 chunks'],
  'a file that is not there': [
    'operator: "/nowhere/op.jwt"',
    'error parsing operator JWT: open /nowhere/op.jwt: no such file or directory',
  ],
  'an operator somebody else signed': [
    `operator: ${signedToken(payloadOf(operator), pairOf('operator', 77))}`,
    'error parsing operator JWT: claim failed V2 signature verification',
  ],
  'an account for an operator': [
    `operator: ${await accountToken(ACME)}`,
    'error parsing operator JWT: not operator claim',
  ],
  'no resolver': [`operator: [${operator}, ${homeless}]`, 'operators require an account resolver to be configured'],
  'a resolver of the wrong type': ['resolver: 5', 'error parsing operator resolver, wrong type int64'],
  'a resolver nobody knows': [
    'resolver: "nothing"',
    'error parsing account resolver, should be MEM or  URL("url") or a map containing dir and type state=[FULL|CACHE])',
  ],
  'a resolver without a type': ['resolver: {dir: x}', 'error parsing account resolver, should be MEM or'],
  'a full resolver without a folder': ['resolver: {type: full}', 'dir has no value and needs to point to a directory'],
  'a full resolver with a ttl': ['resolver: {type: full, dir: x, ttl: "1s"}', 'FULL does not accept ttl'],
  'deleting for good without deleting': [
    'resolver: {type: full, dir: x, hard_delete: true}',
    'hard_delete has no effect without delete',
  ],
  'a cache without a folder': ['resolver: {type: cache}', 'dir has no value and needs to point to a directory'],
  'a cache that is to compare': ['resolver: {type: cache, dir: x, interval: "1s"}', 'CACHE does not accept sync'],
  'a cache that deletes': ['resolver: {type: cache, dir: x, allow_delete: true}', 'CACHE does not accept allow_delete'],
  'a cache that deletes for good': [
    'resolver: {type: cache, dir: x, hard_delete: false}',
    'CACHE does not accept hard_delete',
  ],
  'no time to answer': ['resolver: {type: full, dir: x, timeout: "0s"}', 'Fetch timeout 0s is too smal'],
  'a time that is none': ['resolver: {type: full, dir: x, interval: "soon"}', 'time: invalid duration "soon"'],
  'preloads that are no map': ['resolver_preload: 5', 'preload should be a map of account_public_key:account_jwt'],
  'a preload that is no text': [`resolver_preload { ${acme}: 5 }`, 'preload map value should be a string JWT'],
  'a preload that is no token': [`resolver_preload { ${acme}: "x" }`, 'invalid account JWT'],
  'preloads for a resolver that keeps nothing': [
    `operator: ${operator}\nresolver: "URL(http://localhost/)"\nresolver_preload { ${acme}: ${await accountToken(ACME)} }`,
    'resolver preloads only available for writeable resolver types MEM/DIR/CACHE_DIR',
  ],
  'pinned accounts of the wrong type': [
    withResolver('resolver_pinned_accounts: 5'),
    'error parsing resolver_pinned_accounts: unsupported type int64',
  ],
  'a pinned account that is none': [
    withResolver('resolver_pinned_accounts: [ABC]'),
    'pinned account key "ABC" is not a valid public account nkey',
  ],
  'trusted keys of the wrong type': ['trusted_keys: [true]', 'error parsing trusted: unsupported type in array bool'],
  'a trusted key that is none': [
    `trusted_keys: ${acme}`,
    `trust key "${acme}" required to be a valid public operator nkey`,
  ],
  'trusted keys beside operators': [
    withResolver(`trusted_keys: ${key}`),
    "conflicting options for 'TrustedKeys' and 'TrustedOperators'",
  ],
  'a sentinel without operators': [
    `default_sentinel: ${bearerless}`,
    'default sentinel requires operators and accounts',
  ],
  'a sentinel that is no token': [withResolver('default_sentinel: "x"'), 'default sentinel JWT not valid'],
  'a sentinel that has to sign': [
    withResolver(`default_sentinel: ${bearerless}`),
    'default sentinel must be a bearer token',
  ],
  'accounts beside operators': [
    withResolver('accounts { A {} }'),
    'operators do not allow Accounts to be configured directly',
  ],
  'mappings beside operators': [
    withResolver('mappings { a: b }'),
    'operators do not allow Accounts to be configured directly',
  ],
  'users beside operators': [
    withResolver('authorization { users: [{user: u, password: p}] }'),
    'operators do not allow users to be configured directly',
  ],
  'another system account': [
    withResolver(`system_account: ${acme}`),
    'system_account in config and operator JWT must be identical',
  ],
  'no system account where servers ask each other': [
    `operator: ${homeless}\nresolver: {type: full, dir: x}`,
    'using nats based account resolver - the system account needs to be specified in configuration or the operator jwt',
  ],
  'a version that is none': [
    await asserting('new'),
    `operator ${key} expects version new got error instead: asserted server version must be of the form <major>.<minor>.<update>`,
  ],
  'a later major version': [
    await asserting(`${major + 1}.0.0`),
    `operator ${key} expected major version ${major + 1} > server major version ${major}`,
  ],
  'a later minor version': [
    await asserting(`${major}.${minor + 1}.0`),
    `operator ${key} expected minor version ${minor + 1} > server minor version ${minor}`,
  ],
  'a later update': [
    await asserting(`${major}.${minor}.${update + 9}`),
    `operator ${key} expected update version ${update + 9} > server update version ${update}`,
  ],
  'a user for those without credentials': [
    withResolver('no_auth_user: u'),
    'no_auth_user not compatible with Trusted Operator',
  ],
  'a callout of the configuration': [
    withResolver(`authorization { auth_callout { issuer: ${acme}, auth_users: [u] } }`),
    'operators do not allow authorization callouts to be configured directly',
  ],
};
