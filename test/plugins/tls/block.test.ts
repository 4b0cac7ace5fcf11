import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin } from '../../../plugins/tls/index.ts';
import { compose } from '../running-server.ts';
import { CERTIFICATE } from './secure-client.ts';

const HEAD = 'error parsing tls config';
const PIN = 'hex-encoded sha256 of DER encoded SubjectPublicKeyInfo';

/** What stands in the block besides the certificate, and what is said of it. */
const MISTAKES: [string, string][] = [
  ['foo: 1', `${HEAD}, unknown field "foo"`],
  ['verify: 1', `${HEAD}, expected 'verify' to be a boolean`],
  ['insecure: x', `${HEAD}, expected 'insecure' to be a boolean`],
  ['verify_and_map: x', `${HEAD}, expected 'verify_and_map' to be a boolean`],
  ['ca_file: 1', `${HEAD}, expected 'ca_file' to be filename`],
  ['timeout: x', `${HEAD}, 'timeout' time: invalid duration "x"`],
  ['timeout: "2"', `${HEAD}, 'timeout' time: missing unit in duration "2"`],
  ['timeout: true', `${HEAD}, 'timeout' wrong type`],
  ['connection_rate_limit: x', `${HEAD}, 'connection_rate_limit' wrong type`],
  ['handshake_first: foo', `field "handshake_first"'s value "foo" is invalid`],
  ['first: 3', 'field "first" should be a boolean or a string, got int64'],
  ['pinned_certs: foo', `${HEAD}, expected 'pinned_certs' to be a list of ${PIN}`],
  ['pinned_certs: [foo]', `${HEAD}, 'pinned_certs' key foo does not look like ${PIN}`],
  ['cipher_suites: []', `${HEAD}, 'cipher_suites' cannot be empty`],
  ['cipher_suites: [foo]', 'unrecognized cipher foo'],
  ['cipher_suites: foo', 'interface conversion: interface {} is string, not []interface {}'],
  [
    'cipher_suites: [TLS_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_AES_128_CBC_SHA]',
    "insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: TLS_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_AES_128_CBC_SHA",
  ],
  ['allow_insecure_cipher_suites: x', `${HEAD}, expected 'allow_insecure_cipher_suites' to be a boolean`],
  ['curve_preferences: []', `${HEAD}, 'curve_preferences' cannot be empty`],
  ['curve_preferences: [foo]', 'unrecognized curve preference foo'],
  ['min_version: 1.3', `${HEAD}: 'min_version' wrong type: 1.3`],
  ['min_version: "1.1"', `${HEAD}: unsupported TLS version: TLS 1.1`],
  ['min_version: "foo"', `${HEAD}: unknown version: foo`],
  ['verify_cert_and_check_known_urls: true', 'verify_cert_and_check_known_urls not supported in this context'],
  ['certs: [{cert_file: a, key_file: b}]', `${HEAD}, cannot combine 'cert_file' option with 'certs' option`],
  ['ocsp_peer: x', 'error parsing ocsp peer config: unsupported type map[string]interface {}'],
  ['ocsp_peer: true', 'OCSP peer verification for client connections requires TLS verify (mTLS) to be enabled'],
  ['ocsp_peer: { verify: 1 }', `error parsing tls peer config, unknown field ["verify"]`],
  ['ocsp_peer: { foo: 1 }', `error parsing tls peer config, unknown field ["foo"]`],
  ['ocsp_peer: { ca_timeout: x }', 'error parsing tls peer config, conversion error: time: invalid duration "x"'],
  ['ocsp_peer: { ca_timeout: true }', 'error parsing tls peer config, conversion error: unexpected type'],
  ['ocsp_peer: { warn_only: x }', `error parsing tls peer config, unknown field ["warn_only"]`],
  ['cert_store: WindowsCurrentUser', 'cert_store not compatible with current operating system'],
  ['cert_match_skip_invalid: 1', "expected 'cert_match_skip_invalid' to be a boolean"],
];

/** Whole blocks. */
const BLOCKS: [string, string][] = [
  ['tls: true', 'interface conversion: interface {} is bool, not map[string]interface {}'],
  ['tls { cert_file: 1 }', `${HEAD}, expected 'cert_file' to be filename`],
  ['tls { cert_file: "a" }', "missing 'key_file' in TLS configuration"],
  ['tls { key_file: "a" }', "missing 'cert_file' in TLS configuration"],
  [
    'tls { certs: [{cert_file: "a"}] }',
    "error parsing certificates config: both 'cert_file' and 'cert_key' options are required",
  ],
  ['tls { certs: x }', 'error parsing certificates config: unsupported type string'],
  ['tls { certs: [{cert_file: a, foo: b}] }', 'error parsing tls certs config, unknown field "foo"'],
  ['tls { cert_store: 1 }', "expected 'cert_store' to be a valid non-empty string"],
  ['tls { cert_match_by: 1 }', "expected 'cert_match_by' to be a valid non-empty string"],
  ['tls { cert_store: x }', 'cert store type not implemented'],
  ['allow_non_tls: 3', 'interface conversion: interface {} is int64, not bool'],
];

async function problemsOf(text: string): Promise<string> {
  return compose(text, [plugin]).then(
    () => '',
    (error: Error) => error.message,
  );
}

test('every mistake in the block is told in the words of a NATS server', async () => {
  for (const [mistake, text] of MISTAKES) {
    assert.match(await problemsOf(`tls {\n${CERTIFICATE}\n${mistake}\n}`), text, mistake);
  }
  for (const [block, text] of BLOCKS) assert.match(await problemsOf(block), text, block);
});

test('all mistakes of a block are told at once, each with its place', async () => {
  const problems = await problemsOf(`tls {\n${CERTIFICATE}\nfoo: 1\n  verify: 3\n}`);
  assert.match(problems, /test\.conf:5:\d+: .*"foo"[^\n]*\ntest\.conf:6:\d+: .*'verify'/);
});

test('what is right is taken in all its spellings', async () => {
  const rights = [
    '',
    'timeout: 0.5',
    'timeout: "500ms"',
    'handshake_first: on',
    'immediate: off',
    'handshake_first: AUTO_FALLBACK',
    'handshake_first: "-3s"',
    'cipher_suites: [TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305]',
    'cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256], allow_insecure_cipher_suites: true',
    'curve_preferences: [X25519MLKEM768, X25519]',
    'min_version: "1.3"',
    'ocsp_peer: false',
    'verify_and_map: true, ca_file: "@tls/ca.pem"',
  ];
  for (const right of rights) assert.is(await problemsOf(`tls { ${CERTIFICATE}, ${right} }`), '', right);
  assert.is(await problemsOf('tls { }'), '');
});

const garbled = '-----BEGIN X-----\nAAAA\n-----END X-----\n';

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-tls-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('files that cannot be used are a mistake of the configuration, told with the place of the block', async () => {
  const folder = folderOf({
    'junk.pem': 'junk',
    'cert.pem': garbled.replaceAll('X', 'CERTIFICATE'),
    'key.pem': garbled.replaceAll('X', 'PRIVATE KEY'),
  });
  const server = (name: string): string => `"@tls/${name}.pem"`;
  const pair = 'error parsing X509 certificate/key pair';
  const absent = 'open /nowhere: no such file or directory';
  const cases: [string, string][] = [
    ['tls { cert_file: "/nowhere", key_file: "/nowhere" }', `${pair}: ${absent}`],
    [
      'tls { cert_file: "@tls/server.pem", key_file: "@tls/client-key.pem" }',
      `${pair}: tls: private key does not match public key`,
    ],
    ['tls { certs: [{cert_file: "@tls/server.pem", key_file: "/nowhere"}] }', `${pair} 1/1: ${absent}`],
    [`tls { ${CERTIFICATE}, ca_file: "/nowhere" }`, absent],
    [`tls { ${CERTIFICATE}, ca_file: "@tls/server-key.pem" }`, 'failed to parse root ca certificate'],
    [
      `tls { cert_file: "${folder}/junk.pem", key_file: ${server('server-key')} }`,
      `${pair}: tls: failed to find any PEM data in certificate input`,
    ],
    [
      `tls { cert_file: ${server('server')}, key_file: "${folder}/junk.pem" }`,
      `${pair}: tls: failed to find any PEM data in key input`,
    ],
    [
      `tls { cert_file: "${folder}/cert.pem", key_file: ${server('server-key')} }`,
      `${pair}: x509: malformed certificate`,
    ],
    [
      `tls { cert_file: ${server('server')}, key_file: "${folder}/key.pem" }`,
      `${pair}: tls: failed to parse private key`,
    ],
    [`tls { cert_file: "${folder}", key_file: "${folder}" }`, `${pair}: read ${folder}: is a directory`],
    [`tls { ${CERTIFICATE}, ca_file: "${folder}/cert.pem" }`, 'failed to parse root ca certificate'],
    ['tls { ca_file: "/nowhere" }', absent],
  ];
  try {
    for (const [text, message] of cases)
      assert.match(await problemsOf(`\n  ${text}`), `test.conf:4:3: ${message}`, text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
