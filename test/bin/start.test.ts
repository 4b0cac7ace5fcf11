import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NATS_VERSION } from '../../kernel/version.ts';
import { BrokerProcess, Folder, RawClient, run } from './broker-process.ts';

test('a start says who and where it is in the lines launchers wait for, on standard error', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'server_name: here\ndebug: true\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const id = /^\[INF\] {3}ID: {7}(N[A-Z2-7]{55})$/.exec(broker.lines[5]!)?.[1];
  assert.ok(id);
  assert.equal(broker.lines, [
    '[INF] Starting nats-server',
    `[INF]   Version:  ${NATS_VERSION}`,
    '[INF]   Git:      [not set]',
    `[DBG]   Runtime:  node ${process.version}`,
    '[INF]   Name:     here',
    `[INF]   ID:       ${id}`,
    broker.lines[6],
    `[INF] Listening for client connections on 127.0.0.1:${broker.port}`,
    '[INF] Server is ready',
  ]);
  assert.match(broker.lines[6]!, /^\[INF\] Using configuration file: a\.conf \(sha256:[0-9a-f]{64}\)$/);
  assert.match(
    broker.err.text,
    new RegExp(`^\\[${broker.pid}\\] \\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6} \\[INF\\] Starting`),
  );
});

test('the pid file holds the number and nothing else, and stays; the ports file goes', async () => {
  using folder = new Folder();
  await using broker = await BrokerProcess.start(['-P', 'pid', '--ports_file_dir', folder.path], folder.path, '');
  const ports = folder.file(`nats-server_${broker.pid}.ports`);
  await broker.err.until('Server is ready');
  assert.is(folder.read('pid'), String(broker.pid));
  assert.is(statSync(folder.file('pid')).mode & 0o777, 0o640);
  // It is written right behind the last line.
  using client = await RawClient.connect(broker.port);
  await client.ask('PING\r\n', 'PONG\r\n');
  assert.equal(JSON.parse(readFileSync(ports, 'utf8')), { nats: [`nats://127.0.0.1:${broker.port}`] });
  await broker.signal('SIGTERM', 'Server Exiting..');
  assert.is(await broker.ended(), 0);
  assert.is(existsSync(ports), false);
  assert.is(existsSync(folder.file('pid')), true);
});

test('whoever listens on all interfaces is listed on this machine first', async () => {
  using folder = new Folder();
  await using broker = await BrokerProcess.start(['-a', '0.0.0.0', '--ports_file_dir', folder.path]);
  using client = await RawClient.connect(broker.port);
  await client.ask('PING\r\n', 'PONG\r\n');
  const { nats } = JSON.parse(folder.read(`nats-server_${broker.pid}.ports`));
  assert.is(nats[0], `nats://127.0.0.1:${broker.port}`);
});

test('the program compares bcrypt passwords, and ends although the thread for it still runs', async () => {
  using folder = new Folder();
  const hash = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
  folder.write('a.conf', `authorization { user: ann, password: "${hash}" }\n`);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  using known = await RawClient.connect(broker.port);
  await known.ask('CONNECT {"user":"ann","pass":"s3cret","verbose":false}\r\nPING\r\n', 'PONG\r\n');
  using stranger = await RawClient.connect(broker.port);
  await stranger.ask('CONNECT {"user":"ann","pass":"guess"}\r\n', "-ERR 'Authorization Violation'\r\n");
  await broker.signal('SIGTERM', 'Server Exiting..');
  assert.is(await broker.ended(), 0);
});

test('ten thousand accounts, each with a user, load in seconds and in less than 200 MB', async () => {
  using folder = new Folder();
  const accounts = Array.from({ length: 10_000 }, (_, at) => `A${at} { users: [{user: u${at}, password: p${at}}] }`);
  folder.write('a.conf', `accounts {\n${accounts.join('\n')}\n}\n`);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  using client = await RawClient.connect(broker.port);
  await client.ask('CONNECT {"user":"u9999","pass":"p9999","verbose":false}\r\nPING\r\n', 'PONG\r\n');
  assert.ok(broker.peakBytes < 200_000_000, `${broker.peakBytes} bytes`);
});

const FATAL: [name: string, words: string[], line: RegExp][] = [
  [
    'a pid file that cannot be written',
    ['-p', '-1', '-P', '/nowhere/pid'],
    /\[FTL\] Could not write pidfile: open \/nowhere\/pid: no such file or directory\n$/,
  ],
  [
    'a port that is none',
    ['-a', '127.0.0.1', '-p', '99999'],
    /\[FTL\] Error listening on port: 127\.0\.0\.1:99999, "listen tcp: address 99999: invalid port"\n$/,
  ],
  [
    'a port below those that mean something',
    ['-a', '127.0.0.1', '-p', '-5'],
    /\[FTL\] Error listening on port: 127\.0\.0\.1:-5, "listen tcp: address -5: invalid port"\n$/,
  ],
  [
    'an address that is not ours',
    ['-a', '192.0.2.1', '-p', '-1'],
    /\[FTL\] Error listening on port: 192\.0\.2\.1:0, "listen tcp 192\.0\.2\.1:0: bind: cannot assign requested address"\n$/,
  ],
];

for (const [name, words, line] of FATAL) {
  test(`${name} ends the start with a fatal line and code 1`, async () => {
    const { code, err } = await run(words);
    if (name.startsWith('an address') && code === null) return;
    assert.match(err, line);
    assert.not.match(err, /Shutdown|Exiting/);
    assert.is(code, 1);
  });
}

test('a port that is taken ends the start in the words tools look for', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, err } = await run(['-a', '127.0.0.1', '-p', String(port)]);
  server.close();
  const where = `127.0.0.1:${port}`;
  assert.ok(
    err.endsWith(`[FTL] Error listening on port: ${where}, "listen tcp ${where}: bind: address already in use"\n`),
    err,
  );
  assert.is(code, 1);
});

test('a folder for the ports file that is not there is an error and no reason to stop', async () => {
  await using broker = await BrokerProcess.start(['--ports_file_dir', '/nowhere'], '/', 'Error writing ports file');
  await broker.signal('SIGTERM', 'Server Exiting..');
  assert.match(
    broker.err.text,
    /\[ERR\] Error writing ports file \(\/nowhere\/nats-server_\d+\.ports\): open \/nowhere\/.*: no such file/,
  );
  assert.is(await broker.ended(), 0);
});

const ENDINGS: [name: NodeJS.Signals, text: string][] = [
  ['SIGTERM', 'terminated'],
  ['SIGINT', 'interrupt'],
];

for (const [name, text] of ENDINGS) {
  test(`${name} ends it in order, with code 0`, async () => {
    await using broker = await BrokerProcess.start([]);
    using client = await RawClient.connect(broker.port, 'CONNECT {"verbose":false}\r\n');
    const said = await broker.signal(name, 'Server Exiting..');
    assert.match(said, new RegExp(`\\[INF\\] Trapped "${text}" signal\n.*\\[INF\\] Initiating Shutdown\\.\\.\\.\n`));
    await client.closed();
    assert.is(await broker.ended(), 0);
  });
}

test('an orderly end waits for clients to take what is on its way to them, and for those who take nothing not long', async () => {
  await using broker = await BrokerProcess.start([]);
  using publisher = await RawClient.connect(broker.port);
  await publisher.ask('CONNECT {"verbose":false}\r\nPING\r\n', 'PONG\r\n');
  const socket = connect(broker.port, '127.0.0.1');
  await once(socket, 'data');
  socket.pause();
  await publisher.ask('SUB seen 1\r\nPING\r\n', 'PONG\r\n');
  socket.write('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB seen 0\r\n\r\n');
  await publisher.received.until('MSG seen 1 0\r\n');
  const message = `PUB a 65536\r\n${'x'.repeat(65_536)}\r\n`;
  await publisher.ask(`${message.repeat(200)}PING\r\n`, 'PONG\r\n');
  const ending = broker.signal('SIGTERM', 'Server Exiting..');
  let text = '';
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  socket.resume();
  await once(socket, 'close');
  await ending;
  assert.is(text.split('MSG a 1 65536').length - 1, 200);
  assert.is(await broker.ended(), 0);
});

test('lame duck mode tells clients, is not hurried by SIGTERM, and is cut short by SIGINT', async () => {
  await using broker = await BrokerProcess.start([]);
  using client = await RawClient.connect(broker.port);
  await client.ask('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n', 'PONG\r\n');
  await broker.signal('SIGUSR2', 'Entering lame duck mode, stop accepting new clients');
  await client.received.until('"ldm":true');
  await broker.signal('SIGTERM', 'Trapped "terminated" signal');
  await client.ask('PING\r\n', 'PONG\r\n');
  await broker.signal('SIGINT', 'Server Exiting..');
  assert.is(await broker.ended(), 0);
});

test('lame duck mode without clients ends at once', async () => {
  await using broker = await BrokerProcess.start([]);
  await broker.signal('SIGUSR2', 'Server Exiting..');
  assert.is(await broker.ended(), 0);
});

test('SIGUSR1 on a log that is no file says so', async () => {
  await using broker = await BrokerProcess.start([]);
  await broker.signal('SIGUSR1', '[INF] File log re-open ignored, not a file logger');
});

test('SIGUSR1 goes on in a new log file of the same name', async () => {
  using folder = new Folder();
  await using broker = await BrokerProcess.start(['-l', 'a.log', '-P', 'pid'], folder.path, '');
  await seen(() => existsSync(folder.file('a.log')) && folder.read('a.log').includes('Server is ready'));
  const { renameSync } = await import('node:fs');
  renameSync(folder.file('a.log'), folder.file('b.log'));
  broker.child.kill('SIGUSR1');
  await seen(() => existsSync(folder.file('a.log')) && folder.read('a.log').includes('File log re-opened'));
  assert.is(broker.err.text, '');
  assert.is(statSync(folder.file('a.log')).mode & 0o777, 0o640);
});

test('a log file whose folder is gone stops nothing, and SIGUSR1 says so on standard error', async () => {
  using folder = new Folder();
  mkdirSync(folder.file('logs'));
  await using broker = await BrokerProcess.start(['-l', 'logs/a.log'], folder.path, '');
  await seen(() => existsSync(folder.file('logs/a.log')) && folder.read('logs/a.log').includes('Server is ready'));
  rmSync(folder.file('logs'), { recursive: true });
  await broker.signal('SIGUSR1', 'File log could not be re-opened: ENOENT');
  mkdirSync(folder.file('logs'));
  broker.child.kill('SIGUSR1');
  await seen(() => existsSync(folder.file('logs/a.log')) && folder.read('logs/a.log').includes('File log re-opened'));
});

test('a log file on a full disk stops nothing, and standard error says so once', async () => {
  if (process.platform !== 'linux') return;
  await using broker = await BrokerProcess.start(['-l', '/dev/full'], '/', 'lines are lost');
  broker.child.kill('SIGTERM');
  assert.is(await broker.ended(), 0);
  assert.match(
    broker.err.text,
    /^\[\d+\] \S+ \S+ \[ERR\] Unable to write to the log file, lines are lost: Error: ENOSPC: .* \(\/dev\/full\)\n$/,
  );
});

const UNOPENABLE: [path: string, reason: string][] = [
  ['/nowhere/a.log', 'open /nowhere/a.log: no such file or directory'],
  ['/', 'open /: is a directory'],
];

for (const [path, reason] of UNOPENABLE) {
  test(`a log file at ${path} ends the start in one line`, async () => {
    const { code, err } = await run(['-l', path]);
    assert.is(err, `error opening file: ${reason}\n`);
    assert.is(code, 1);
  });
}

test('the process goes by the name that service scripts look for, without the passwords', async () => {
  if (process.platform !== 'linux') return;
  await using broker = await BrokerProcess.start(['--user', 'u', '--pass', 'secret']);
  assert.is(readFileSync(`/proc/${broker.pid}/comm`, 'utf8'), 'nats-server\n');
  assert.not.match(readFileSync(`/proc/${broker.pid}/cmdline`, 'utf8'), /secret/);
});

test('--signal reaches a broker by its pid and by its pid file', async () => {
  using folder = new Folder();
  await using broker = await BrokerProcess.start(['-P', 'pid'], folder.path);
  assert.equal(await run([`--signal=reopen=${broker.pid}`]), { code: 0, out: '', err: '' });
  await broker.err.until('Trapped "user defined signal 1" signal');
  assert.equal(await run(['-sl', `quit=${folder.file('pid')}`]), { code: 0, out: '', err: '' });
  assert.is(await broker.ended(), 0);
});

test('--signal finds brokers by their name: one alone, all of them, or those whose pids begin alike', async () => {
  if (process.platform === 'win32') return;
  using folder = new Folder();
  await using first = await BrokerProcess.start([], folder.path);
  await using second = await BrokerProcess.start([], folder.path);
  // The names of this machine's processes, as far as they are this test's.
  const found = (...pids: number[]): NodeJS.ProcessEnv => {
    const lines = pids.map((pid) => `echo ${pid}\n`).join('');
    folder.write('pgrep', `#!/bin/sh\n${lines}exit ${pids.length === 0 ? 1 : 0}\n`);
    chmodSync(folder.file('pgrep'), 0o755);
    return { ...process.env, PATH: `${folder.path}:${process.env.PATH}` };
  };
  const signal = (text: string, env: NodeJS.ProcessEnv) => run(['-sl', text], '/', env);
  const both = found(first.pid, second.pid);
  const several = `nats-server: multiple nats-server processes running:\n${first.pid}\n${second.pid}\n`;
  assert.equal(await signal('reopen', both), { code: 1, out: '', err: several });
  assert.equal(await signal('reopen=*', both), { code: 0, out: '', err: '' });
  for (const broker of [first, second]) await broker.err.until('Trapped "user defined signal 1" signal');
  assert.equal(await signal(`quit=${first.pid}*`, both), { code: 0, out: '', err: '' });
  assert.is(await first.ended(), 0);
  assert.equal(await signal('quit=99999999*', both), { code: 0, out: '', err: '' });
  assert.equal(await signal('quit', found(second.pid)), { code: 0, out: '', err: '' });
  assert.is(await second.ended(), 0);
  const none = { code: 1, out: '', err: 'nats-server: no nats-server processes running\n' };
  assert.equal(await signal('quit', found()), none);
  assert.equal(await signal('quit=*', found()), none);
  assert.equal(await signal('quit=0', found()), { code: 1, out: '', err: 'nats-server: invalid pid: 0\n' });
});

test('a broker never runs without the log-in that its configuration asks for', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'plugins: []\nauthorization { token: t }\n');
  const { code, err } = await run(['-a', '127.0.0.1', '-p', '-1', '-c', 'a.conf'], folder.path);
  assert.match(
    err,
    /^nats-server: a\.conf:2:1: "authorization" .* add "auth" to the list of plugins, or remove the block\n/,
  );
  assert.is(code, 1);
});

test('a warning about the configuration stands on standard error and in the log', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'plugins: []\nhttp: 0\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const text = 'a.conf:2:1: "http" has no effect: its plugin "monitoring" is not in the list of plugins';
  assert.ok(broker.lines.includes(text), broker.err.text);
  assert.ok(broker.lines.includes(`[WRN] ${text}`), broker.err.text);
});

test('a port for profiles, given by a flag, is said to have no effect', async () => {
  await using broker = await BrokerProcess.start(['--profile', '6060']);
  assert.ok(broker.lines.some((line) => line.startsWith('[WRN] prof_port has no effect: ')));
});

test('options that are taken and do nothing are named', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'prof_port: -1\nwrite_timeout: retry\ndisable_sublist_cache: true\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  for (const key of ['prof_port', 'write_timeout', 'disable_sublist_cache']) {
    assert.ok(
      broker.lines.some((line) => line.startsWith(`[WRN] ${key} has no effect: `)),
      key,
    );
  }
});

const STRANGER = `export const plugin = {
  name: 'greeter', version: '1.0.0', api: [1],
  config: { key: 'greeting', schema: { read: (node) => ({ text: node?.value ?? 'nothing' }) } },
  init: (ctx) => ctx.kernel.log.info('the greeter says ' + ctx.config.text),
};`;

const WAYS: [name: string, text: string][] = [
  ['by a key of its own', 'plugins: ["./greeter.mjs"]\ngreeting: hello\n'],
  ['beside its name', 'plugins: [ { use: "./greeter.mjs", with: hello } ]\n'],
];

for (const [name, text] of WAYS) {
  test(`a plugin beside the configuration file is found, and configured ${name}`, async () => {
    using folder = new Folder();
    folder.write('greeter.mjs', STRANGER);
    const file = folder.write('a.conf', text);
    await using broker = await BrokerProcess.start(['-c', file]);
    assert.ok(broker.lines.includes('[INF] the greeter says hello'), broker.err.text);
  });
}

const STRAYS: [name: string, statement: string, text: string][] = [
  ['throws', "process.nextTick(() => { throw new Error('boom'); });", 'boom'],
  ['leaves a rejection to nobody', "void Promise.reject(new Error('bang'));", 'bang'],
];

for (const [name, statement, text] of STRAYS) {
  test(`a plugin that ${name} out of turn is named, and the broker ends in order with code 1`, async () => {
    using folder = new Folder();
    const source = `export const plugin = { name: 'stray', version: '1.0.0', api: [1],
      ready: (ctx) => { ctx.subscribe(ctx.kernel.broker.accounts.global, 'go', () => {
        ${statement} }); } };`;
    const module = realpathSync(folder.write('stray.mjs', source));
    folder.write('a.conf', 'plugins: ["./stray.mjs"]\npid_file: pid\n');
    const words = ['-c', 'a.conf', '--ports_file_dir', folder.path];
    await using broker = await BrokerProcess.start(words, folder.path);
    using client = await RawClient.connect(broker.port);
    client.send('CONNECT {"verbose":false}\r\nPUB go 0\r\n\r\n');
    await client.closed();
    assert.is(await broker.ended(), 1);
    assert.ok(
      broker.lines.includes(`[FTL] Uncaught error: ${text} (${module}:3, in the plugin "stray")`),
      broker.err.text,
    );
    assert.is(broker.lines.at(-1), '[INF] Server Exiting..');
    assert.equal(readdirSync(folder.path).sort(), ['a.conf', 'stray.mjs']);
  });
}

test('a user given by flags has to log in', async () => {
  await using broker = await BrokerProcess.start(['--user', 'u', '--pass', 'p']);
  using wrong = await RawClient.connect(broker.port, 'CONNECT {"user":"u","pass":"x"}\r\n');
  await wrong.received.until("-ERR 'Authorization Violation'\r\n");
  using right = await RawClient.connect(broker.port);
  await right.ask('CONNECT {"user":"u","pass":"p","verbose":false}\r\nPING\r\n', 'PONG\r\n');
});

test('a trace shows the conversation and none of its secrets', async () => {
  await using broker = await BrokerProcess.start(['-DV']);
  using client = await RawClient.connect(broker.port);
  const hello = 'CONNECT {"user":"bob","pass":"secret","name":"app","lang":"go","version":"1.2"}\r\n';
  await client.ask(`${hello}SUB foo 1\r\nPUB foo bar 5\r\nhello\r\nUNSUB 1\r\nPING\r\n`, 'PONG\r\n');
  await broker.err.until('[PONG]');
  const lines = broker.lines
    .filter((line) => line.includes('cid:'))
    .map((line) => line.replace(/127\S+ - cid:\d+ - /, ''));
  const who = '"v1.2:go:app" - "$G/user:bob"';
  assert.equal(lines, [
    '[DBG] Client connection created',
    '[TRC] <<- [CONNECT {"user":"bob","pass":"[REDACTED]","name":"app","lang":"go","version":"1.2"}]',
    `[TRC] ${who} - ->> [OK]`,
    `[TRC] ${who} - <<- [SUB foo 1]`,
    `[TRC] ${who} - ->> [OK]`,
    `[TRC] ${who} - <<- [PUB foo bar 5]`,
    `[TRC] ${who} - <<- MSG_PAYLOAD: ["hello"]`,
    `[TRC] ${who} - ->> [OK]`,
    `[TRC] ${who} - ->> [MSG foo 1 bar 5]`,
    `[TRC] ${who} - ->> MSG_PAYLOAD: ["hello"]`,
    `[TRC] ${who} - <<- [UNSUB 1]`,
    `[TRC] ${who} - <-> [DELSUB 1]`,
    `[TRC] ${who} - ->> [OK]`,
    `[TRC] ${who} - <<- [PING]`,
    `[TRC] ${who} - ->> [PONG]`,
  ]);
});

test('log_format: json writes one object per line', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'log_format: json\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const [first] = broker.err.text.split('\n').map((line) => JSON.parse(line || '{}'));
  assert.is(first.msg, 'Starting nats-server');
  assert.is(first.level, 30);
  assert.is(first.pid, broker.pid);
});

/** What happens to files sends no word: looked for each turn of the loop. */
async function seen(isSeen: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !isSeen(); ) {
    if (performance.now() > end) throw new Error('it never happened');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.run();
