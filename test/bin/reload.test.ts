import { existsSync, rmSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder, RawClient } from './broker-process.ts';

const HELLO = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n';
const DONE = 'Reloaded server configuration';
const FAILED = 'Failed to reload server configuration: ';

interface Running {
  broker: BrokerProcess;
  folder: Folder;
}

async function started(text: string): Promise<Running> {
  const folder = new Folder();
  folder.write('a.conf', text);
  return { folder, broker: await BrokerProcess.start(['-c', 'a.conf'], folder.path) };
}

/** The lines the log has from the signal on, without time. */
async function reload({ broker, folder }: Running, text: string, waitsFor = DONE): Promise<string[]> {
  // A file that holds nothing is not taken on.
  folder.write('a.conf', text.trim() === '' ? 'ping_max: 2\n' : text);
  const said = await broker.signal('SIGHUP', waitsFor);
  return said
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\[\d+\] (?:[\d/]+ [\d:.]+ )?/, ''));
}

async function inRun(text: string, body: (running: Running) => Promise<void>): Promise<void> {
  const running = await started(text);
  try {
    await body(running);
  } finally {
    await running.broker[Symbol.asyncDispose]();
    running.folder[Symbol.dispose]();
  }
}

const LINES: [before: string, after: string, lines: string[]][] = [
  ['debug: false', 'debug: true', ['Reloaded: debug = true']],
  ['', 'trace: true', ['Reloaded: trace = true']],
  ['', 'trace_headers: true', ['Reloaded: trace = true', 'Reloaded: trace_headers = true']],
  ['', 'logtime: false', ['Reloaded: logtime = false']],
  ['', 'max_traced_msg_len: 7', ['Reloaded: max_traced_msg_len = 7']],
  ['', 'connect_error_reports: 7', ['Reloaded: connect_error_reports = 7']],
  ['', 'max_payload: 100', ['Reloaded: max_payload = 100']],
  ['', 'max_control_line: 1k', ['Reloaded: max_control_line = 1000']],
  ['', 'max_connections: 5', ['Reloaded: max_connections = 5']],
  ['', 'ping_interval: "5m"', ['Reloaded: ping_interval = 5m0s']],
  ['', 'ping_max: 7', ['Reloaded: ping_max = 7']],
  ['', 'write_deadline: "3s"', ['Reloaded: write_deadline = 3s']],
  ['', 'client_advertise: "h:1"', ['Reload: client_advertise = h:1']],
  ['', 'no_fast_producer_stall: true', ['Reloaded: fast producers will not be stalled']],
  ['no_fast_producer_stall: true', '', ['Reloaded: fast producers will be stalled']],
  ['', 'server_tags: [a, b]', ['Reloaded: tags']],
  ['', 'server_metadata { a: b }', ['Reloaded: metadata']],
  ['', 'mappings { a: b }', []],
  ['', 'accounts { A {} }', []],
];

for (const [before, after, lines] of LINES) {
  test(`a reload from "${before}" to "${after}" says so`, () =>
    inRun(`${before}\n`, async (running) => {
      const said = await reload(running, `${after}\n`);
      assert.is(said[0], '[INF] Trapped "hangup" signal');
      const options = said.filter((line) => /Reload(ed)?: /.test(line));
      const usual = ['Reloaded: authorization users', 'Reloaded: accounts'];
      const wanted = [...lines, ...usual].map((line) => `[INF] ${line}`);
      for (const line of wanted) assert.ok(options.includes(line), `${line} is missing in ${options.join('\n')}`);
      assert.match(said.at(-1)!, /^\[INF\] Reloaded server configuration \(sha256:[0-9a-f]{64}\)$/);
    }));
}

const REFUSED: [before: string, after: string, error: string][] = [
  ['', 'max_pending: 2000000', 'config reload not supported for MaxPending: old=67108864, new=2000000'],
  ['', 'server_name: other', 'config reload not supported for ServerName: old=, new=other'],
  ['max_subs: 1', 'max_subs: 2', 'config reload not supported for MaxSubs: old=1, new=2'],
  [
    'plugins: []',
    'plugins: [auth]',
    'config reload not supported for Plugins: "auth" cannot join while the broker runs, it has to be there from the start',
  ],
  [
    'plugins: [auth, monitoring]',
    'plugins: [auth]',
    'config reload not supported for Plugins: "monitoring" cannot leave while the broker runs, it has to be there',
  ],
  [
    '',
    `authorization { auth_callout { issuer: ${'A'.repeat(56)}, users: [u] } }`,
    'config reload not supported for AuthCallout: old=<nil>, new=&{A',
  ],
  ['', 'porte: 1', 'a.conf:1:0: unknown field "porte"; did you mean "port"?'],
  ['', 'port: .5', "Parse error on line 1: 'Floats must start with a digit'"],
  ['', 'max_payload: 2\nmax_pending: 1', 'max_payload (2) cannot be higher than max_pending (1)'],
  ['', 'gateway { name: x }', 'a.conf:1:0: "gateway" needs the plugin "gateway", which is not in this build'],
  ['', 'log_file: "/nowhere/a.log"', 'error opening file: open /nowhere/a.log: no such file or directory'],
];

for (const [before, after, error] of REFUSED) {
  test(`a reload from "${before}" to "${after}" changes nothing`, () =>
    inRun(`${before}\n`, async (running) => {
      using client = await RawClient.connect(running.broker.port);
      await client.ask(HELLO, 'PONG\r\n');
      const said = await reload(
        running,
        `ping_max: 9\n${after}\n`.replace(/^ping_max: 9\n(porte|port: \.|gate)/, '$1'),
        FAILED,
      );
      assert.ok(said.at(-1)!.startsWith(`[ERR] ${FAILED}${error}`), said.at(-1));
      assert.not.match(said.join('\n'), /Reloaded: /);
      await client.ask('PING\r\n', 'PONG\r\n');
      // The old file is still what later ones are compared with.
      await reload(running, `${before}\n`);
    }));
}

test('a file that is gone changes nothing', () =>
  inRun('', async ({ broker, folder }) => {
    rmSync(folder.file('a.conf'));
    await broker.signal('SIGHUP', `[ERR] ${FAILED}open a.conf: no such file or directory`);
  }));

test('without a file there is nothing to reload', async () => {
  await using broker = await BrokerProcess.start([]);
  await broker.signal('SIGHUP', `[ERR] ${FAILED}can only reload config when a file is provided using -c or --config`);
});

test('flags go on winning over the file', async () => {
  using folder = new Folder();
  folder.write('a.conf', 'max_payload: 10\n');
  await using broker = await BrokerProcess.start(['-c', 'a.conf', '-D=false'], folder.path);
  folder.write('a.conf', 'debug: true\nport: 22\n');
  const said = await broker.signal('SIGHUP', DONE);
  assert.not.match(said, /debug = /);
});

test('a lower max_payload and max_control_line hold for those who are connected', () =>
  inRun('', async (running) => {
    using client = await RawClient.connect(running.broker.port);
    await client.ask(HELLO, 'PONG\r\n');
    await client.ask('PUB a 20\r\n01234567890123456789\r\nPING\r\n', 'PONG\r\n');
    await reload(running, 'max_payload: 10\n');
    await client.ask('PUB a 20\r\n01234567890123456789\r\n', "-ERR 'Maximum Payload Violation'\r\n");
    await client.closed();
    using other = await RawClient.connect(running.broker.port);
    await other.ask(HELLO, 'PONG\r\n');
    await reload(running, 'max_control_line: 50\n');
    await other.ask(`SUB ${'a'.repeat(60)} 1\r\n`, "-ERR 'maximum control line exceeded'\r\n");
  }));

test('of more clients than max_connections allows the surplus is told and closed', () =>
  inRun('', async (running) => {
    using first = await RawClient.connect(running.broker.port);
    await first.ask(HELLO, 'PONG\r\n');
    using second = await RawClient.connect(running.broker.port);
    await second.ask(HELLO, 'PONG\r\n');
    const said = await reload(running, 'max_connections: 1\n');
    assert.ok(said.includes('[INF] Closed 1 connections to fall within max_connections'));
    await second.received.until("-ERR 'maximum connections exceeded'\r\n");
    await second.closed();
    await first.ask('PING\r\n', 'PONG\r\n');
  }));

test('a trace that is switched on shows a publisher who goes on with the same subject', () =>
  inRun('', async (running) => {
    using client = await RawClient.connect(running.broker.port);
    await client.ask(`${HELLO}PUB a 1\r\nx\r\nPUB a 1\r\nx\r\n`, 'PONG\r\n');
    await reload(running, 'trace: true\n');
    await client.ask('PUB a 1\r\nx\r\nPING\r\n', 'PONG\r\n');
    await running.broker.err.until('<<- [PUB a 1]');
    await reload(running, '');
    const from = running.broker.err.text.length;
    await client.ask('PUB a 1\r\nx\r\nPING\r\n', 'PONG\r\n');
    assert.is(running.broker.err.text.length, from);
  }));

test('mappings that change hold for a publisher who goes on with the same subject', () =>
  inRun('', async (running) => {
    using client = await RawClient.connect(running.broker.port);
    await client.ask(`${HELLO}SUB * 1\r\nPUB a 0\r\n\r\n`, 'MSG a 1 0\r\n\r\n');
    await reload(running, 'mappings { a: b }\n');
    await client.ask('PUB a 0\r\n\r\n', 'MSG b 1 0\r\n\r\n');
    await reload(running, '');
    await client.ask('PUB a 0\r\n\r\n', 'MSG a 1 0\r\n\r\n');
  }));

test('asking for credentials from now on sends away those who gave none', () =>
  inRun('', async (running) => {
    using client = await RawClient.connect(running.broker.port);
    await client.ask(HELLO, 'PONG\r\n');
    await reload(running, 'authorization { token: t }\n');
    await client.received.until("-ERR 'Authorization Violation'\r\n");
    using other = await RawClient.connect(running.broker.port);
    await other.ask('CONNECT {"verbose":false,"auth_token":"t"}\r\nPING\r\n', 'PONG\r\n');
    await reload(running, '');
    using anybody = await RawClient.connect(running.broker.port);
    await anybody.ask(HELLO, 'PONG\r\n');
  }));

test('an account that is new serves its users, and one that is gone closes on them', () =>
  inRun('accounts { A { users: [ { user: a, password: p } ] } }\n', async (running) => {
    const login = (user: string) => `CONNECT {"verbose":false,"user":"${user}","pass":"p"}\r\nPING\r\n`;
    using old = await RawClient.connect(running.broker.port);
    await old.ask(login('a'), 'PONG\r\n');
    await reload(running, 'accounts { B { users: [ { user: b, password: p } ] } }\n');
    await old.closed();
    using fresh = await RawClient.connect(running.broker.port);
    await fresh.ask(login('b'), 'PONG\r\n');
  }));

test('of two reloads at once the second begins when the first is done', () => {
  const accounts = Array.from({ length: 2000 }, (_, at) => `T${at} { users: [ { user: u${at}, password: p } ] }`);
  return inRun(`accounts { ${accounts.join(', ')} }\n`, async ({ broker, folder }) => {
    folder.write('a.conf', `debug: true\naccounts { ${accounts.join(', ')} }\n`);
    const from = broker.err.text.length;
    await broker.signal('SIGHUP', 'Trapped "hangup" signal');
    await broker.signal('SIGHUP', 'Trapped "hangup" signal');
    await broker.err.until(DONE, await broker.err.until(DONE, from));
    const said = broker.err.text.slice(from);
    assert.is(said.split('Reloaded: debug = true').length, 2, said);
  });
});

test('a new log file takes over, and so do pid and ports files', () =>
  inRun('', async (running) => {
    const { broker, folder } = running;
    const text = `log_file: a.log\npid_file: pid\nports_file_dir: "${folder.path}"\n`;
    folder.write('a.conf', text);
    broker.child.kill('SIGHUP');
    await seen(() => existsSync(folder.file('a.log')) && folder.read('a.log').includes(DONE));
    await seen(() => existsSync(folder.file(`nats-server_${broker.pid}.ports`)));
    assert.is(folder.read('pid'), String(broker.pid));
    assert.match(folder.read('a.log'), /Reloaded: log_file = a\.log\n/);
  }));

async function seen(isSeen: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !isSeen(); ) {
    if (performance.now() > end) throw new Error('it never happened');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.run();
