import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Folder, type Outcome, run } from './broker-process.ts';

async function check(text: string, more: string[] = []): Promise<Outcome> {
  using folder = new Folder();
  folder.write('a.conf', text);
  return await run(['-t', '-c', 'a.conf', ...more], folder.path);
}

test('a valid file is called valid, with its digest', async () => {
  const { code, err, out } = await check('listen: "127.0.0.1:-1"\ndebug: true\n');
  assert.match(err, /^nats-server: configuration file a\.conf is valid \(sha256:[0-9a-f]{64}\)\n$/);
  assert.is(out, '');
  assert.is(code, 0);
});

const REFUSED: [name: string, text: string, lines: string][] = [
  [
    'all mistakes at once, warnings first',
    'porte: 1\nping_interval: 5\nmax_payload: "x"\n',
    [
      'a.conf:2:1: invalid use of field "ping_interval": ping_interval should be converted to a duration',
      'a.conf:1:0: unknown field "porte"; did you mean "port"?',
      'a.conf:3:1: interface conversion: interface {} is string, not int64\n',
    ].join('\n'),
  ],
  ['a file that is no configuration', 'port: .5\n', "Parse error on line 1: 'Floats must start with a digit'"],
  [
    'a block whose plugin is not there',
    'mqtt { port: -1 }\ngateway { name: x }\n',
    [
      'a.conf:1:0: "mqtt" needs the plugin "mqtt", which is not in this build; take "mqtt" out, or use a build with "mqtt"',
      'a.conf:2:1: "gateway" needs the plugin "gateway", which is not in this build; take "gateway" out, or use a build with "gateway"\n',
    ].join('\n'),
  ],
  [
    'a block that an exact list of plugins leaves without effect',
    'plugins: []\nauthorization { token: "t" }\n',
    'a.conf:2:1: "authorization" has no effect: its plugin "auth" is not in the list of plugins; add "auth" to the list of plugins, or remove the block\n',
  ],
  [
    'what keeps others out first of all, when a list leaves its plugins out',
    'plugins: [monitoring]\nno_auth_user: a\ntls { cert_file: x }\naccounts { A { users: [] } }\n',
    [
      'a.conf:2:1: "no_auth_user" has no effect: its plugin "auth" is not in the list of plugins; add "auth" to the list of plugins, or remove the block',
      'a.conf:3:1: "tls" has no effect: its plugin "tls" is not in the list of plugins; add "tls" to the list of plugins, or remove the block',
      'a.conf:4:16: "accounts.A.users" has no effect: its plugin "auth" is not in the list of plugins; add "auth" to the list of plugins, or remove the block\n',
    ].join('\n'),
  ],
  [
    'where a key of the kernel stands whose work a left out plugin would do',
    'plugins: []\nproxy_protocol: true\n',
    'a.conf:2:1: "proxy_protocol" has no effect: its plugin "proxy-protocol" is not in the list of plugins\n',
  ],
  [
    'a listed plugin that other builds have, without looking for a package of that name',
    'plugins: [\n  gateway\n  {use: mqtt}\n]\n',
    [
      'a.conf:2:3: plugin "gateway" is not in this build; take "gateway" out, or use a build with "gateway"',
      'a.conf:3:4: plugin "mqtt" is not in this build; take "mqtt" out, or use a build with "mqtt"\n',
    ].join('\n'),
  ],
  [
    'mistakes in the block of a plugin',
    'authorization { usr: "a" }\n',
    'a.conf:1:16: unknown field "usr"; did you mean "user"?\n',
  ],
  ['a format of log lines that is none', 'log_format: xml\n', "a.conf:1:0: log_format must be 'text' or 'json'\n"],
];

for (const [name, text, lines] of REFUSED) {
  test(`a check reports ${name}`, async () => {
    const { code, err } = await check(text);
    assert.is(err, `nats-server: ${lines}\n`);
    assert.is(code, 1);
  });
}

test('a check leaves out what options have to satisfy together, and a start does not', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'max_payload: 2000\nmax_pending: 1000\n');
  assert.is((await run(['-t', '-c', 'a.conf'], folder.path)).code, 0);
  const { code, err } = await run(['-c', 'a.conf', '-p', '-1'], folder.path);
  assert.is(err, 'nats-server: max_payload (2000) cannot be higher than max_pending (1000)\n');
  assert.is(code, 1);
});

test('a check looks at the file and not at flags', async () => {
  const { code } = await check('port: 4222\n', ['--user', 'u']);
  assert.is(code, 0);
});

test('"check" is another way to ask for it', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'port: 4222\n');
  assert.is((await run(['-c', 'a.conf', 'check'], folder.path)).code, 0);
});

test('"plugins" shows what would run, what else there is, and what this build lacks', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'authorization { token: "t" }\n');
  const { code, out } = await run(['-c', 'a.conf', 'plugins'], folder.path);
  assert.match(out, /These run, in this order:\n(?: .*\n)* {2}auth 1/);
  assert.match(out, /Also in this build:\n(?: .*\n)* {2}websocket /);
  assert.match(out, /Not in this build:\n {2}.*mqtt/);
  assert.is(code, 0);
});

test.run();
