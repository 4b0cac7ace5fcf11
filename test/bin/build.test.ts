import { execFile } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { hashSync } from 'bcryptjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KNOWN_PLUGINS } from '../../bin/built-in.ts';
import { packageRoot } from '../runner/package-root.ts';
import { Folder, type Outcome, RawClient, run } from './broker-process.ts';
import { BuiltBroker, readAr, readTar } from './built-broker.ts';

const folder = new Folder();
test.after(() => folder[Symbol.dispose]());

const execFileAsync = promisify(execFile);

/** Of a program that does not start. */
function failureOf(running: Promise<unknown>): Promise<{ readonly code: number; readonly stderr: string }> {
  return running.then(
    () => ({ code: 0, stderr: '' }),
    (reason: { code: number; stderr: string }) => reason,
  );
}

/** Putting everything together is work, which a machine that does much else does slowly. */
const BUILD_MS = 60_000;

const build = (...words: string[]): Promise<Outcome> => run(['build', ...words], folder.path, process.env, BUILD_MS);
const bytesOf = (name: string): number => statSync(folder.file(name)).size;

test('a build of the kernel alone is one small file that serves clients, wherever it lies', async () => {
  const { code, out, err } = await build('--plugins', 'core', '--out', 'core.cjs');
  assert.equal([code, err], [0, '']);
  assert.match(out, /core\.cjs \(cjs, \d+ kB\): kernel, no plugins\n$/);
  assert.ok(bytesOf('core.cjs') < 270_000, `${bytesOf('core.cjs')} bytes`);
  await using broker = await BuiltBroker.start([process.execPath, folder.file('core.cjs')], [], folder.path);
  using client = await RawClient.connect(broker.port, 'CONNECT {"verbose":false}\r\nSUB a 1\r\n');
  assert.is(await client.ask('PUB a 5\r\nhello\r\nPING\r\n', 'PONG\r\n'), 'MSG a 1 5\r\nhello\r\nPONG\r\n');
});

test('a build holds the plugins it was asked for, and nothing of the others', async () => {
  await build('--plugins=auth,monitoring', '--out=two.cjs');
  const text = folder.read('two.cjs');
  for (const { name, load } of KNOWN_PLUGINS) {
    const summary = (await load?.())?.summary ?? '';
    assert.is(text.includes(`summary:"${summary}"`), ['auth', 'monitoring'].includes(name), name);
  }
});

test('a build says what it has, and which plugin a configuration would need', async () => {
  await build('--plugins', 'auth', '--out', 'auth.cjs');
  const program = folder.file('auth.cjs');
  const { stdout } = await execFileAsync(process.execPath, [program, 'plugins']);
  assert.match(stdout, /Also in this build:\n {2}auth /);
  assert.match(stdout, /Not in this build:\n.*monitoring/);
  folder.write('monitored.conf', 'http: "127.0.0.1:-1"\n');
  const error = await failureOf(execFileAsync(process.execPath, [program, '-c', folder.file('monitored.conf')]));
  assert.is(error.code, 1);
  assert.match(error.stderr, /"http" needs the plugin "monitoring", which is not in this build/);
});

test('the thread that compares passwords is inside too', async () => {
  await build('--plugins', 'auth', '--out', 'auth.cjs');
  folder.write('auth.conf', `authorization { user: ann, password: "${hashSync('a long password', 4)}" }\n`);
  const words = ['-c', folder.file('auth.conf')];
  await using broker = await BuiltBroker.start([process.execPath, folder.file('auth.cjs')], words, folder.path);
  const login = (pass: string): string => `CONNECT {"user":"ann","pass":"${pass}"}\r\nPING\r\n`;
  using right = await RawClient.connect(broker.port, login('a long password'));
  await right.received.until('PONG\r\n');
  using wrong = await RawClient.connect(broker.port, login('another password'));
  await wrong.received.until("-ERR 'Authorization Violation'");
});

test('a leaf for a small machine is one small file, and hangs on a hub', async () => {
  await build('--plugins', 'leaf', '--out', 'leaf.cjs');
  await build('--plugins', 'core', '--out', 'core.cjs');
  const [whole, core] = [bytesOf('leaf.cjs'), bytesOf('core.cjs')];
  assert.ok(whole < 353_000 && whole - core < 90_000, `${whole} bytes, ${whole - core} of them for leafs`);
  const command = [process.execPath, folder.file('leaf.cjs')];
  folder.write('hub.conf', 'leafnodes { host: 127.0.0.1, port: -1 }\n');
  await using hub = await BuiltBroker.start(command, ['-c', folder.file('hub.conf')], folder.path);
  const [, address] = /leafnode connections on (\S+)/.exec(hub.log)!;
  folder.write('edge.conf', `leafnodes { remotes: [{ url: "nats-leaf://${address}" }] }\n`);
  await using edge = await BuiltBroker.start(command, ['-c', folder.file('edge.conf')], folder.path);
  using near = await RawClient.connect(hub.port, 'CONNECT {"verbose":false}\r\nSUB a 1\r\n');
  using far = await RawClient.connect(edge.port, 'CONNECT {"verbose":false}\r\n');
  const again = setInterval(() => far.send('PUB a 5\r\nhello\r\n'), 20);
  await near.received.until('MSG a 1 5\r\nhello\r\n');
  clearInterval(again);
});

test('a leaf that is to speak TLS, without the plugin for it, is told what is missing', async () => {
  await build('--plugins', 'leaf', '--out', 'leaf.cjs');
  folder.write('secure.conf', 'leafnodes { host: 127.0.0.1, port: -1, tls { cert_file: c.pem, key_file: k.pem } }\n');
  const words = [folder.file('leaf.cjs'), '-p', '-1', '-c', folder.file('secure.conf')];
  const error = await failureOf(execFileAsync(process.execPath, words));
  assert.is(error.code, 1);
  assert.match(
    error.stderr,
    'TLS of "leafnodes" needs the plugin "tls": add it to the list of plugins, or to the build',
  );
});

const STREAM = '{"name":"S","subjects":["s"],"storage":"file"}';

for (const preset of ['standard', 'full']) {
  test(`a build of "${preset}" keeps streams on disk, across restarts`, async () => {
    await build('--plugins', preset, '--out', `${preset}.cjs`);
    folder.write(`${preset}.conf`, `jetstream { store_dir: ${JSON.stringify(folder.file(preset))} }\n`);
    const command = [process.execPath, folder.file(`${preset}.cjs`)];
    const words = ['-c', folder.file(`${preset}.conf`)];
    const connect = 'CONNECT {"verbose":false}\r\nSUB answers 1\r\n';
    {
      await using broker = await BuiltBroker.start(command, words, folder.path);
      using client = await RawClient.connect(broker.port, connect);
      client.send(`PUB $JS.API.STREAM.CREATE.S answers ${STREAM.length}\r\n${STREAM}\r\n`);
      await client.received.until('"did_create":true');
      client.send('PUB s answers 5\r\nhello\r\n');
      await client.received.until('{"stream":"S","seq":1}');
    }
    await using broker = await BuiltBroker.start(command, words, folder.path);
    using client = await RawClient.connect(broker.port, connect);
    client.send('PUB $JS.API.STREAM.INFO.S answers 0\r\n\r\n');
    await client.received.until('"messages":1');
  });
}

test('the page of the dashboard is inside too', async () => {
  await build('--plugins', 'monitoring,dashboard', '--out', 'page.cjs');
  folder.write('page.conf', 'http: "127.0.0.1:-1"\ndashboard { }\n');
  const words = ['-c', folder.file('page.conf')];
  await using broker = await BuiltBroker.start([process.execPath, folder.file('page.cjs')], words, '/');
  const [, port] = /http monitor on 127\.0\.0\.1:(\d+)/.exec(broker.log)!;
  const page = await fetch(`http://127.0.0.1:${port}/dashboard`);
  assert.match(page.headers.get('content-security-policy')!, "script-src 'sha256-");
  assert.is(await page.text(), readFileSync(join(packageRoot(), 'dist', 'bundle', 'dashboard.html'), 'utf8'));
});

const STRANGER = `import { definePlugin, defineSchema } from 'gnatlet/plugin';
export const plugin = definePlugin({
  name: 'greeter', version: '1.0.0', api: [1],
  config: { key: 'greeter', schema: defineSchema({}), live: 'live' },
  ready(ctx) { ctx.log.info('the stranger is ready'); },
});
`;

test('a plugin of somebody else is built in, and runs when its block appears', async () => {
  mkdirSync(folder.file('node_modules'));
  symlinkSync(packageRoot(), folder.file('node_modules/gnatlet'));
  folder.write('greeter.mjs', STRANGER);
  const { err } = await build('--plugins', './greeter.mjs', '--out', 'greeter.cjs');
  assert.is(err, '');
  folder.write('greeter.conf', 'greeter { }\n');
  const words = ['-c', folder.file('greeter.conf')];
  await using broker = await BuiltBroker.start([process.execPath, folder.file('greeter.cjs')], words, '/');
  assert.match(broker.log, /the stranger is ready/);
});

test('a plugin whose package has native code is refused, with what to do instead', async () => {
  const text = STRANGER.replace('greeter', 'keeper');
  folder.write('keeper.mjs', `import { LevelDriver } from 'gnatlet/storage-level';\n${text}void LevelDriver;\n`);
  const { code, err } = await build('--plugins', './keeper.mjs', '--out', 'keeper.cjs');
  assert.is(code, 1);
  assert.match(err, /classic-level has native code, which does not fit into one file; leave out the plugin/);
});

test('what was built cannot build', async () => {
  await build('--plugins', 'core', '--out', 'core.cjs');
  const error = await failureOf(
    execFileAsync(process.execPath, [folder.file('core.cjs'), 'build', '--plugins', 'core']),
  );
  assert.match(error.stderr, /build with the package gnatlet of npm/);
});

test('a single executable needs no Node.js beside it', async () => {
  if (process.platform !== 'linux') return;
  const { err } = await build('--plugins', 'core', '--format', 'sea', '--out', 'alone');
  assert.is(err, '');
  await using broker = await BuiltBroker.start([folder.file('alone')], [], folder.path, { PATH: '/nowhere' });
  using client = await RawClient.connect(broker.port, 'CONNECT {}\r\nPING\r\n');
  await client.received.until('PONG\r\n');
});

test('a Debian package holds the program, a unit for systemd, and a configuration that upgrades leave alone', async () => {
  await build('--plugins', 'core', '--format', 'deb', '--out', 'core.deb');
  const parts = readAr(readFileSync(folder.file('core.deb')));
  assert.equal([...parts.keys()], ['debian-binary', 'control.tar.gz', 'data.tar.gz']);
  assert.is(parts.get('debian-binary')?.toString(), '2.0\n');
  const control = readTar(gunzipSync(parts.get('control.tar.gz')!));
  assert.match(control.get('./control')!.text, /^Package: gnatlet\nVersion: \S+\nArchitecture: all\n/);
  assert.match(control.get('./control')!.text, /\nDepends: nodejs \(>= 20\), adduser\n/);
  assert.is(control.get('./conffiles')?.text, '/etc/gnatlet/gnatlet.conf\n');
  const data = readTar(gunzipSync(parts.get('data.tar.gz')!));
  assert.is(data.get('./usr/bin/gnatlet')?.mode, 0o755);
  assert.match(data.get('./usr/lib/systemd/system/gnatlet.service')!.text, /\nExecStart=\/usr\/bin\/gnatlet -c /);
  const program = folder.write('unpacked.cjs', data.get('./usr/lib/gnatlet/gnatlet.cjs')!.text);
  await using broker = await BuiltBroker.start([process.execPath, program], [], folder.path);
  assert.ok(broker.port > 0);
});

test('a package with streams says where they outlive the service', async () => {
  await build('--plugins', 'jetstream,storage-file,storage-memory', '--format', 'deb', '--out', 'streams.deb');
  const parts = readAr(readFileSync(folder.file('streams.deb')));
  const data = readTar(gunzipSync(parts.get('data.tar.gz')!));
  assert.match(data.get('./etc/gnatlet/gnatlet.conf')!.text, '# jetstream { store_dir: "/var/lib/gnatlet" }');
});

test('the package is what dpkg takes, where there is a dpkg', async () => {
  if (!existsSync('/usr/bin/dpkg-deb')) return;
  await build('--plugins', 'core', '--format', 'deb', '--out', 'core.deb');
  const { stdout } = await execFileAsync('/usr/bin/dpkg-deb', ['--contents', folder.file('core.deb')]);
  assert.match(stdout, /-rwxr-xr-x root\/root +\d+ [\d-]+ [\d:]+ \.\/usr\/bin\/gnatlet\n/);
});

test('the same plugins make the same package', async () => {
  for (const name of ['one.deb', 'two.deb']) await build('--plugins', 'core', '--format', 'deb', '--out', name);
  assert.ok(readFileSync(folder.file('one.deb')).equals(readFileSync(folder.file('two.deb'))));
});

test('for Docker there is a folder with all that an image needs', async () => {
  await build('--plugins', 'core', '--format', 'docker', '--out', 'image');
  assert.equal(readdirSync(folder.file('image')).sort(), ['.dockerignore', 'Dockerfile', 'gnatlet.cjs']);
  assert.match(folder.read('image/Dockerfile'), /^FROM node:20[\s\S]*mkdir \/data && chown node/);
});

const MISTAKES: readonly (readonly [words: string[], said: RegExp])[] = [
  [[], /build: say which plugins: --plugins leaf, or --plugins core for none/],
  [['--plugin', 'auth'], /"--plugin" is no flag of it; did you mean --plugins\?/],
  [['--plugins'], /--plugins needs a value/],
  [['--plugins', 'core', '--format', 'rpm'], /there is no format "rpm"; there are cjs, sea, deb, docker/],
  [['--plugins', 'core', '--minify=maybe'], /--minify is true or false, not "maybe"/],
  [['--plugins', 'monitorin'], /there is no plugin "monitorin".*did you mean "monitoring"\?/],
];

for (const [words, said] of MISTAKES) {
  test(`"build ${words.join(' ')}" is told what to do instead`, async () => {
    const { code, err } = await build(...words);
    assert.is(code, 1);
    assert.match(err, said);
  });
}

test('without esbuild, a build says how to get it', async () => {
  const hide = `export const resolve = (name, at, next) => { if (name === 'esbuild') throw new Error('none'); return next(name, at); };`;
  const hooks = `data:text/javascript,${encodeURIComponent(hide)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(hooks)});`;
  const flags = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(register)}` };
  const { code, err } = await run(['build', '--plugins', 'core'], folder.path, flags);
  assert.is(code, 1);
  assert.match(err, /this needs the package esbuild; install it with: npm install esbuild/);
});

test('a result takes the place of what was there, which may be running', async () => {
  await build('--plugins', 'core', '--out', 'again.cjs');
  const before = folder.read('again.cjs');
  linkSync(folder.file('again.cjs'), folder.file('running.cjs'));
  await build('--plugins', 'message-trace', '--out', 'again.cjs');
  assert.is.not(folder.read('again.cjs'), before);
  assert.is(folder.read('running.cjs'), before);
});

test.run();
