/** Files that cannot be read, or make no sense: one clear line, and the broker goes on as it was. */
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../runner/package-root.ts';
import { BrokerProcess, Folder, PROGRAM, RawClient, run } from './broker-process.ts';

const DONE = 'Reloaded server configuration (sha256:';
const FAILED = 'Failed to reload server configuration: ';
const CONFIG = `
http: "127.0.0.1:-1"
system_account: SYS
accounts {
  SYS { users: [ { user: admin, password: p } ] }
  APP { users: [ { user: u, password: p } ] }
}
`;
const LOGIN = 'CONNECT {"verbose":false,"user":"u","pass":"p"}\r\nPING\r\n';

interface Running {
  readonly broker: BrokerProcess;
  readonly folder: Folder;
  readonly client: RawClient;
  varz(): Promise<{ config_digest: string; config_load_time: string }>;
}

async function inRun(body: (running: Running) => Promise<void>): Promise<void> {
  using folder = new Folder();
  folder.write('a.conf', CONFIG);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  using client = await RawClient.connect(broker.port);
  await client.ask(`${LOGIN}SUB a 1\r\n`, 'PONG\r\n');
  const monitor = /Starting http monitor on (\S+)/.exec(broker.err.text)![1];
  const varz = async () =>
    (await (await fetch(`http://${monitor}/varz`)).json()) as Awaited<ReturnType<Running['varz']>>;
  await body({ broker, folder, client, varz });
}

const BROKEN: [name: string, spoil: (folder: Folder) => void, error: string][] = [
  ['a file that is gone', (folder) => rmSync(folder.file('a.conf')), 'open a.conf: no such file or directory'],
  [
    'a folder in its place',
    (folder) => {
      rmSync(folder.file('a.conf'));
      mkdirSync(folder.file('a.conf'));
    },
    'read a.conf: is a directory',
  ],
  ['an empty file', (folder) => folder.write('a.conf', ''), 'a.conf: config has no values or is empty'],
  ['a file of comments', (folder) => folder.write('a.conf', '# soon\n'), 'a.conf: config has no values or is empty'],
  [
    'a file cut off in a text',
    (folder) => folder.write('a.conf', CONFIG.slice(0, CONFIG.indexOf('admin')).replace('user: ', 'user: "adm')),
    'Parse error on line',
  ],
  [
    'a file cut off behind a key',
    (folder) => folder.write('a.conf', CONFIG.slice(0, CONFIG.indexOf('"127'))),
    'a.conf:2:1: could not parse address string ""',
  ],
  [
    'a file that includes one that is not there',
    (folder) => folder.write('a.conf', `${CONFIG}include "more.conf"\n`),
    "error parsing include file 'more.conf', open more.conf: no such file or directory",
  ],
  ['bytes that are no text', (folder) => folder.write('a.conf', '\0\x01{\xff'), ''],
  ['an unknown option', (folder) => folder.write('a.conf', `${CONFIG}porte: 1\n`), 'a.conf:8:1: unknown field "porte"'],
  [
    'options that do not go together',
    (folder) => folder.write('a.conf', `${CONFIG}max_payload: 2\nmax_pending: 1\n`),
    'max_payload (2) cannot be higher than max_pending (1)',
  ],
  [
    'a log file that cannot be written',
    (folder) => folder.write('a.conf', `${CONFIG}log_file: "/nowhere/a.log"\n`),
    'error opening file: open /nowhere/a.log: no such file or directory',
  ],
  [
    'a log file that is a folder',
    (folder) => folder.write('a.conf', `${CONFIG}log_file: "/"\n`),
    'error opening file: open /: is a directory',
  ],
];

for (const [name, spoil, error] of BROKEN) {
  test(`${name} is one line in the log, and changes nothing`, () =>
    inRun(async ({ broker, folder, client, varz }) => {
      const before = await varz();
      spoil(folder);
      const said = await broker.signal('SIGHUP', FAILED);
      assert.is(said.split(FAILED).length, 2);
      assert.ok(said.includes(`[ERR] ${FAILED}${error}`), said);
      assert.not.match(said, /Reloaded/);
      const after = await varz();
      assert.is(after.config_digest, before.config_digest);
      assert.is(after.config_load_time, before.config_load_time);
      await client.ask('PUB a 0\r\n\r\n', 'MSG a 1 0\r\n\r\n');
      using other = await RawClient.connect(broker.port);
      await other.ask(LOGIN, 'PONG\r\n');
      // What is whole again is taken on.
      rmSync(folder.file('a.conf'), { recursive: true, force: true });
      folder.write('a.conf', `${CONFIG}ping_max: 7\n`);
      await broker.signal('SIGHUP', DONE);
      const now = await varz();
      assert.is.not(now.config_digest, before.config_digest);
      assert.is.not(now.config_load_time, before.config_load_time);
    }));
}

test('a file nobody may read changes nothing', () =>
  inRun(async ({ broker, folder, client }) => {
    if (process.getuid?.() === 0) return;
    chmodSync(folder.file('a.conf'), 0);
    await broker.signal('SIGHUP', `${FAILED}open a.conf: permission denied`);
    await client.ask('PING\r\n', 'PONG\r\n');
  }));

test('a signal, --signal and a request of the system account have the same file read', () =>
  inRun(async ({ broker, folder, client }) => {
    using admin = await RawClient.connect(broker.port);
    await admin.ask('CONNECT {"verbose":false,"user":"admin","pass":"p"}\r\nPING\r\n', 'PONG\r\n');
    const id = /\[INF\] {3}ID: {7}(N\w+)/.exec(broker.err.text)![1];
    const asks: [ask: () => unknown, signal: boolean][] = [
      [() => broker.child.kill('SIGHUP'), true],
      [() => run(['--signal', `reload=${broker.pid}`]), true],
      [() => admin.send(`SUB answer 1\r\nPUB $SYS.REQ.SERVER.${id}.RELOAD answer 0\r\n\r\n`), false],
    ];
    for (const [at, [ask, isSignal]] of asks.entries()) {
      folder.write('a.conf', `${CONFIG}ping_max: ${at + 5}\n`);
      const from = broker.err.text.length;
      await ask();
      await broker.err.until(DONE, from);
      const said = broker.err.text.slice(from);
      assert.ok(said.includes(`Reloaded: ping_max = ${at + 5}\n`), said);
      assert.is(said.includes('Trapped "hangup" signal'), isSignal);
    }
    await admin.received.until('MSG answer 1');
    assert.not.match(admin.received.text, /"error"/);
    await client.ask('PING\r\n', 'PONG\r\n');
  }));

test('a broker whose program files were replaced while it runs says so, and goes on', async () => {
  using folder = new Folder();
  folder.write('a.conf', CONFIG);
  folder.write('package.json', '{"type": "module"}');
  symlinkSync(join(packageRoot(), 'node_modules'), folder.file('node_modules'));
  const files = folder.file('program');
  cpSync(dirname(PROGRAM), files, { recursive: true });
  const program = [process.execPath, join(files, basename(PROGRAM))];
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path, 'Server is ready', program);
  for (const name of readdirSync(files)) if (name.startsWith('reload-')) rmSync(join(files, name));
  for (let times = 0; times < 2; times++) await broker.signal('SIGHUP', `${FAILED}Cannot find module`);
  using client = await RawClient.connect(broker.port);
  await client.ask(LOGIN, 'PONG\r\n');
});

test.run();
