import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type OcspConfig, reloadRule } from '../../../plugins/ocsp/config.ts';
import { plugin } from '../../../plugins/ocsp/index.ts';
import { compose } from '../running-server.ts';

const HEAD = 'error parsing ocsp config';
const CACHE = 'error parsing OCSP peer cache config,';

/** What is wrong, and what is said of it: the words of nats-server 2.15.1. */
const MISTAKES: [string, string][] = [
  ['ocsp: 1', `${HEAD}: unsupported type int64`],
  ['ocsp: x', `${HEAD}: unsupported type string`],
  ['ocsp { mode: foo }', `${HEAD}: unsupported ocsp mode string`],
  ['ocsp { Mode: auto }', `${HEAD}: unsupported field string`],
  ['ocsp { foo: bar }', `${HEAD}: unsupported field string`],
  ['ocsp { mode: 1 }', 'interface conversion: interface {} is int64, not string'],
  ['ocsp { url: 1 }', 'interface conversion: interface {} is int64, not string'],
  ['ocsp { urls: [ 1 ] }', 'interface conversion: interface {} is int64, not string'],
  ['ocsp_cache: 1', 'error parsing tags: unsupported type int64'],
  ['ocsp_cache { type: foo }', `${CACHE} unknown type [foo]`],
  ['ocsp_cache { type: 1 }', `${CACHE} unknown field ["type"]`],
  ['ocsp_cache { foo: 1 }', `${CACHE} unknown field ["foo"]`],
  ['ocsp_cache { local_store: 1 }', `${CACHE} unknown field ["local_store"]`],
  ['ocsp_cache { preserve_revoked: 1 }', `${CACHE} unknown field ["preserve_revoked"]`],
  ['ocsp_cache { save_interval: x }', 'error parsing tls peer config, conversion error: time: invalid duration "x"'],
  ['ocsp_cache { save_interval: true }', `${CACHE} conversion error: unexpected type`],
];

function problemsOf(text: string): Promise<string> {
  return compose(text, [plugin]).then(
    () => '',
    (error: Error) => error.message,
  );
}

test('every mistake is told in the words of a NATS server', async () => {
  for (const [text, mistake] of MISTAKES) assert.match(await problemsOf(text), mistake, text);
});

test('what is right is taken in all its spellings', async () => {
  const rights = [
    'ocsp: true',
    'ocsp: false',
    'ocsp { mode: ALWAYS, url: "http://a", urls: ["http://b"], store_dir: "x" }',
    'ocsp { urls: "http://a" }',
    'ocsp_cache: true',
    'ocsp_cache { Type: NONE, local_store: "x", preserve_revoked: true, save_interval: 0.1 }',
    'ocsp_cache { save_interval: "10s" }',
  ];
  for (const right of rights) assert.is(await problemsOf(right), '', right);
});

test('what certificates show changes live, the cache with a restart', () => {
  const before: OcspConfig = {
    staple: { mode: 'auto', urls: [], storeDirectory: '' },
    cache: { isLocal: true, directory: 'a', keepsRevoked: false, saveIntervalMs: 1000 },
  };
  const staple = { ...before.staple, mode: 'never' as const };
  assert.is(reloadRule({ before, after: { ...before, staple } }), 'live');
  assert.is(reloadRule({ before, after: { ...before, cache: { ...before.cache, directory: 'b' } } }), 'restart');
});

test.run();
