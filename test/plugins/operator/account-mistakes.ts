/** Claims of accounts that are of no use, and what a NATS server says of them. */
import { encodeActivation } from '@nats-io/jwt';
import { ACME, BOB, pairOf, SYSTEM } from './issuer.ts';

const account = SYSTEM.getPublicKey();
const other = pairOf('account', 50);
const activation = (subject: string, pair = ACME, issuer = SYSTEM): Promise<string> =>
  encodeActivation('a', pair, issuer, 'stream', { subject } as object);

const stream = (subject: string, more: object = {}): object => ({ subject, type: 'stream', ...more });
const service = (subject: string, more: object = {}): object => ({ subject, type: 'service', ...more });
const exported = (...exports: object[]): object => ({ exports });
const imported = (...imports: object[]): object => ({ imports: imports.map((one) => ({ account, ...one })) });

export const ACCOUNT_MISTAKES: Readonly<Record<string, readonly [account: object, text: string]>> = {
  'too many imports': [
    { limits: { imports: 0 }, ...imported(stream('x')) },
    'the account contains more imports than allowed by the operator',
  ],
  'too many exports': [
    { limits: { exports: 1 }, ...exported(stream('x'), stream('y')) },
    'the account contains more exports than allowed by the operator',
  ],
  'wildcards that are not allowed': [
    { limits: { exports: 1, wildcards: false }, ...exported(stream('x.>')) },
    'the account contains wildcard exports that are not allowed by the operator',
  ],
  'a tier without a name': [
    { limits: { tiered_limits: { '': { mem_storage: 1 } } } },
    'Tiered JetStream Limits can not contain a blank "" tier name',
  ],
  'weights of more than all': [
    {
      mappings: {
        a: [
          { subject: 'b', weight: 60 },
          { subject: 'c', weight: 41 },
        ],
      },
    },
    `Mapping "a" exceeds 100% among all of it's weighted to mappings`,
  ],
  'a mapping of no subject': [
    { mappings: { 'a..b': [{ subject: 'b' }] } },
    'subject "a..b" cannot contain consecutive `.`',
  ],
  'a mapping to no subject': [{ mappings: { a: [{ subject: 'b c' }] } }, 'subject "b c" cannot have spaces'],
  'an import of nothing known': [imported({ subject: 'x' }), 'invalid import type: "unknown"'],
  'an import from nobody': [imported(stream('x', { account: '' })), 'account to import from is not specified'],
  'an import with two new names': [imported(stream('x', { to: 'y', local_subject: 'z' })), 'Local Subject replaces To'],
  'an import of no subject': [imported(stream('x y')), 'subject "x y" cannot have spaces'],
  'a stream that tells about its importer': [
    imported(stream('x', { share: true })),
    'sharing information (for latency tracking) is only valid for services: "x"',
  ],
  'a traced import of a service': [
    imported(service('x', { allow_trace: true })),
    'AllowTrace only valid for stream import',
  ],
  'a wildcard that gets lost': [
    imported(service('x.*', { local_subject: 'a' })),
    'subject does not contain enough * or reference wildcards $[0-9]',
  ],
  'a wildcard that is not there': [
    imported(service('x.*', { local_subject: 'a.$2' })),
    'Reference $2 in "a.$2" reference * in "x.*" that do not exist',
  ],
  'services of one name from one account': [
    imported(service('x.*'), service('x.y')),
    `overlapping subject namespace for "x.y" and "x.*" in same account "${account}"`,
  ],
  'an activation that is none': [
    imported(stream('x', { token: 'x' })),
    'import "x" contains an invalid activation token',
  ],
  'an activation of somebody else': [
    imported(stream('x', { token: await activation('x', ACME, other) })),
    `activation token doesn't match account for import "x"`,
  ],
  'an activation for somebody else': [
    imported(stream('x', { token: await activation('x', other) })),
    `activation token doesn't match account it is being included in, "x"`,
  ],
  'an activation for something else': [
    imported(stream('x', { token: await activation('y') })),
    `activation token import subject "y" doesn't match import "x"`,
  ],
  'an activation of another kind': [
    imported(service('x', { token: await activation('x') })),
    'mismatch between token import type stream and type of import service',
  ],
  'an export of nothing known': [exported({ subject: 'x' }), 'invalid export type: "unknown"'],
  'an export of no subject': [exported(stream('.x')), 'subject ".x" cannot start or end with a `.`'],
  'an export of an empty subject': [exported(stream('')), 'subject cannot be empty'],
  'a stream that is answered': [
    exported(stream('x', { response_type: 'Singleton' })),
    'invalid response type for stream: "Singleton"',
  ],
  'a stream with a time to answer': [
    exported(stream('x', { response_threshold: 5 })),
    'response threshold only valid for services',
  ],
  'less than no time to answer': [
    exported(service('x', { response_threshold: -5 })),
    'negative response threshold is invalid',
  ],
  'a traced export of a stream': [
    exported(stream('x', { allow_trace: true })),
    'AllowTrace only valid for service export',
  ],
  'latency of a stream': [
    exported(stream('x', { service_latency: { sampling: 10, results: 'a' } })),
    'latency tracking only permitted for services',
  ],
  'latency of more than all': [
    exported(service('x', { service_latency: { sampling: 101, results: 'a' } })),
    'sampling percentage needs to be between 1-100',
  ],
  'latency to a pattern': [
    exported(service('x', { service_latency: { sampling: 10, results: 'a.*' } })),
    'results subject can not contain wildcards',
  ],
  'a position without a wildcard': [
    exported(stream('x.y', { account_token_position: 1 })),
    'Account Token Position can only be used with wildcard subjects: x.y',
  ],
  'a position beyond the end': [
    exported(stream('x.*', { account_token_position: 5 })),
    "Account Token Position 5 exceeds length of subject 'x.*'",
  ],
  'a position beside the wildcard': [
    exported(stream('x.*', { account_token_position: 1 })),
    "Account Token Position 1 matches 'x' but must match a * in: x.*",
  ],
  'services that cover each other': [
    exported(service('x.y'), service('x.*')),
    'service export subject "x.*" already exports "x.y"',
  ],
  'streams that cover each other': [
    exported(stream('x.*'), stream('x.y')),
    'stream export subject "x.*" already exports "x.y"',
  ],
  'a permission to publish to a queue': [
    { default_permissions: { pub: { allow: ['a b'] } } },
    'Permission Subject "a b" is not allowed to contain queue',
  ],
  'a permission with two queues': [
    { default_permissions: { sub: { allow: ['a b c'] } } },
    'Permission Subject "a b c" contains too many spaces',
  ],
  'a callout for accounts without users': [
    { authorization: { allowed_accounts: ['*'] } },
    'External authorization cannot have accounts without users specified',
  ],
  'a callout by no user': [{ authorization: { auth_users: ['X'] } }, 'AuthUser "X" is not a valid user public key'],
  'a callout for no account': [
    { authorization: { auth_users: [BOB.getPublicKey()], allowed_accounts: ['X'] } },
    'Account "X" is not a valid account public key',
  ],
  'a callout sealed with no key': [
    { authorization: { auth_users: [BOB.getPublicKey()], xkey: 'X' } },
    'XKey "X" is not a valid public xkey',
  ],
  'traces to a pattern': [
    { trace: { dest: 'a.*', sampling: 10 } },
    'the account Trace.Destination subject "a.*" is not a valid publish subject',
  ],
  'traces of more than all': [
    { trace: { dest: 'a', sampling: 101 } },
    "the account Trace.Sampling value '101' is not valid, should be in the range [1..100]",
  ],
  'a signing key that is none': [{ signing_keys: ['ABC'] }, '"ABC" is not a valid account signing key'],
};
