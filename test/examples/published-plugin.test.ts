/**
 * The authentication plugin of the examples as a stranger would have it: packed, installed by npm beside the packed broker in
 * an empty folder, compiled there, tested there with the published kits, and named in a configuration file.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signToken } from '../../examples/plugin-auth-hmac/token.ts';
import { packageRoot } from '../runner/package-root.ts';

const NAME = 'gnatlet-auth-hmac';
const SECRET = 'a secret of this test';
const HOUR_MS = 3_600_000;
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'gnatlet-example-'));
/** Where the author works, and where the operator does. */
const author = join(folder, 'author');
const operator = join(folder, 'operator');

test('the broker and the plugin are packed, installed by npm, and compile with their published types', async () => {
  const broker = await pack(packageRoot());
  for (const where of [author, operator]) mkdirSync(where);
  await install(author, [broker]);
  writeSources();
  lend(author, ['node_modules/@types', 'node_modules/undici-types', 'node_modules/@nats-io']);
  await run(
    process.execPath,
    [join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'],
    inside(author),
  );
  const plugin = await pack(author);
  await install(operator, [broker, plugin]);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

function writeSources(): void {
  const source = join(packageRoot(), 'examples', 'plugin-auth-hmac');
  cpSync(join(source, 'npm'), author, { recursive: true });
  for (const name of ['index', 'authenticator', 'config', 'token', 'tests']) {
    cpSync(join(source, `${name}.ts`), join(author, `${name}.ts`));
  }
}

/** Nothing is built by it: what is packed is there. */
async function pack(from: string): Promise<string> {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: from });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename.replace('@', '').replace('/', '-'));
}

/** Without a network: what the broker stands on is lent by this project. */
async function install(where: string, tarballs: readonly string[]): Promise<void> {
  const lock = readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: boolean; bin?: object }> };
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  // npm takes a package for broken that has a command and no link to it.
  const commands = needed.flatMap(([, { bin = {} }]) => Object.keys(bin).map((name) => `node_modules/.bin/${name}`));
  lend(where, [...needed.map(([path]) => path), ...commands]);
  writeFileSync(join(where, 'package.json'), '{"private": true}');
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--omit=dev'];
  await run('npm', ['install', ...quiet, '--cache', join(folder, 'cache'), ...tarballs], inside(where));
}

function lend(where: string, paths: readonly string[]): void {
  for (const path of paths)
    cpSync(join(packageRoot(), path), join(where, path), { recursive: true, verbatimSymlinks: true });
}

function inside(cwd: string): { cwd: string } {
  return { cwd };
}

test('the tests of the plugin pass where its author works, with the published kits', async () => {
  const { stdout } = await run(process.execPath, ['--test', 'dist/tests.js'], inside(author));
  assert.match(stdout, /pass 8\n/);
  assert.match(stdout, /fail 0\n/);
});

test('what is published holds the modules, their types and the README, and no tests', () => {
  const installed = join(operator, 'node_modules', NAME);
  const files = readdirSync(join(installed, 'dist')).sort();
  const modules = ['authenticator', 'config', 'index', 'token'];
  assert.equal(
    files,
    modules.flatMap((name) => [`${name}.d.ts`, `${name}.js`]),
  );
  assert.equal(readdirSync(installed).sort(), ['README.md', 'dist', 'package.json']);
});

interface Broker {
  readonly url: string;
  readonly child: ChildProcess;
}

/** By the name of the package, from a configuration file, with the command that npm made. */
function start(block: string): ChildProcess {
  const plugins = `plugins: [auth, ${NAME}]`;
  writeFileSync(join(operator, 'broker.conf'), `listen: "127.0.0.1:-1"\n${plugins}\nauth_hmac {\n  ${block}\n}\n`);
  const command = join(operator, 'node_modules', '.bin', 'gnatlet');
  return spawn(command, ['-c', 'broker.conf'], { cwd: operator, stdio: ['ignore', 'ignore', 'pipe'] });
}

async function started(block: string): Promise<Broker> {
  const child = start(block);
  for await (const line of createInterface(child.stderr!)) {
    const port = /Listening for client connections on [\d.]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return { url: `nats://127.0.0.1:${port}`, child };
  }
  throw new Error('the broker ended before it listened');
}

async function login({ url }: Broker, token: string): Promise<string> {
  try {
    const client = await connect({ servers: url, token, reconnect: false });
    await client.close();
    return 'welcome';
  } catch (error) {
    return (error as Error).message;
  }
}

const REFUSED = /authorization violation/i;

test('a token signed with the secret gets in, until it expires; others do not', async () => {
  const broker = await started(`secret: "${SECRET}"\n  roles { clerk { publish: "orders.>" } }`);
  const claims = { user: 'ann', role: 'clerk', expiresAt: Date.now() + HOUR_MS };
  try {
    assert.is(await login(broker, signToken(SECRET, claims)), 'welcome');
    assert.match(await login(broker, signToken('another secret', claims)), REFUSED);
    assert.match(await login(broker, signToken(SECRET, { ...claims, role: 'constructor' })), REFUSED);
    assert.match(await login(broker, signToken(SECRET, { ...claims, expiresAt: Date.now() - 1 })), REFUSED);
    assert.match(await login(broker, 'nonsense'), REFUSED);
  } finally {
    const ended = once(broker.child, 'exit');
    broker.child.kill();
    await ended;
  }
});

test('mistakes in its block are reported with their places in the file', async () => {
  const child = start('secret: short\n  colour: red');
  const said = await text(child.stderr!);
  assert.match(said, /broker\.conf:4:\d+: .*the secret needs 16 characters or more/);
  assert.match(said, /broker\.conf:5:\d+: unknown field "colour"/);
});

test.run();
