import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FLAGS } from '../../bin/flag-table.ts';
import { type FlagValue, parseFlags } from '../../bin/flags.ts';
import { overridesOf } from '../../bin/overrides.ts';
import { hideSecrets, maskArguments } from '../../bin/secrets.ts';

const FORMS: [words: string[], name: string, value: FlagValue][] = [
  [['-p', '4223'], 'p', 4223],
  [['--p', '4223'], 'p', 4223],
  [['-port=4223'], 'p', 4223],
  [['--port', '-1'], 'p', -1],
  [['--port', '0x10'], 'p', 16],
  [['--port', '1_000'], 'p', 1000],
  [['--port', '010'], 'p', 8],
  [['-p', '1', '-p', '2'], 'p', 2],
  [['--user', ''], 'user', ''],
  [['-D'], 'D', true],
  [['-D=F'], 'D', false],
  [['-DVV'], 'DVV', true],
  [['-T=false'], 'T', false],
  [['-c', '-odd-name'], 'c', '-odd-name'],
];

for (const [words, name, value] of FORMS) {
  test(`"${words.join(' ')}" is read as ${name} = ${value}`, () => {
    assert.is(parseFlags(words).given.get(name), value);
  });
}

test('flags end at the first word that is none, at a lone dash, and behind a double one', () => {
  assert.equal(parseFlags(['-D', 'help', '-x']).words, ['help', '-x']);
  assert.equal(parseFlags(['-D', '-', '-x']).words, ['-', '-x']);
  assert.equal(parseFlags(['-D', '--', '-x']).words, ['-x']);
});

test('no name belongs to two flags', () => {
  const names = FLAGS.flatMap((flag) => flag.names);
  assert.is(new Set(names).size, names.length);
});

const OVERRIDES: [words: string, overrides: Record<string, unknown>][] = [
  ['-a h -p 1 -n s', { host: 'h', port: 1, server_name: 's' }],
  ['-DV', { debug: true, trace: true }],
  ['-DVV=false', { debug: false, trace_verbose: false }],
  ['--user u --pass p', { 'authorization.user': 'u', 'authorization.password': 'p' }],
  ['--user= --auth=', { 'authorization.user': null, 'authorization.token': null }],
  ['--tls=false --tlscert c', { tls: null }],
  ['--tlscert c --tlskey k --tlsverify', { tls: { cert_file: 'c', key_file: 'k', verify: true } }],
  ['--cluster=', { cluster: null }],
  [
    '--cluster nats://u:p@[::1]:-1 --routes nats://a:1,nats://b:2',
    {
      'cluster.host': '[::1]',
      'cluster.port': -1,
      'cluster.authorization.user': 'u',
      'cluster.authorization.password': 'p',
      'cluster.routes': ['nats://a:1', 'nats://b:2'],
    },
  ],
];

for (const [words, overrides] of OVERRIDES) {
  test(`"${words}" takes the place of ${Object.keys(overrides).join(', ')}`, () => {
    assert.equal(overridesOf(parseFlags(words.split(' ')).given), overrides);
  });
}

test('a cluster with a user and no password is refused', () => {
  assert.throws(
    () => overridesOf(parseFlags(['--cluster', 'nats://u@h:1']).given),
    'expected cluster password to be set',
  );
});

test('passwords, tokens and the user parts of URLs are hidden from whoever looks at the process', () => {
  const words = ['--user', 'u', '-pass=p', '--auth', 't', '--routes', 'nats://a:b@h:1,nats://h:2', '-p', '1'];
  const masked = ['--user', '[REDACTED]', '-pass=[REDACTED]', '--auth', '[REDACTED]'];
  assert.equal(maskArguments(words), [...masked, '--routes', 'nats://[REDACTED]@h:1,nats://h:2', '-p', '1']);
  const target = { argv: ['node', 'gnatlet', '--pass', 'secret'], title: '' };
  hideSecrets(target, parseFlags(['--pass', 'secret']).given);
  assert.equal(target.argv, ['node', 'gnatlet', '--pass', '[REDACTED]']);
  assert.is(target.title, 'nats-server --pass [REDACTED]');
});

test.run();
