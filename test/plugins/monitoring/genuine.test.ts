/** Field by field against a genuine server: the same traffic, the same questions. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../../runner/skip.ts';
import { RawClient } from '../running-server.ts';
import { withMonitor } from './monitored-server.ts';

const PATHS = [
  '/varz',
  '/connz',
  '/connz?subs=1&auth=1',
  '/connz?subs=detail&sort=subs',
  '/connz?state=closed',
  '/connz?state=all&sort=bytes_to',
  '/connz?cid=99999',
  '/connz?acc=NONE',
  '/connz?limit=-1&offset=-1',
  '/subsz',
  '/subsz?subs=1&acc=$G&test=bar',
  '/accountz',
  '/accountz?acc=$G',
  '/accstatz',
  '/healthz',
  '/healthz?stream=x',
  '/healthz?consumer=x&details=1',
  '/routez',
  '/gatewayz',
  '/leafz',
  '/jsz',
  '/jsz?leader-only=1',
  '/connz?sort=x',
  '/connz?state=x',
  '/connz?cid=-1',
  '/connz?limit=1x',
  '/connz?auth=x',
  '/subsz?test=a.*',
  '/accountz?acc=x',
  '/varz/',
  '/nothing',
];

/** What differs on purpose: the README says why. */
const OWN_WAYS = new Set([
  // Every account of the reference server imports services of the system account.
  '/accountz?acc=$G .account_detail.imports',
  '/connz?state=closed .connections.0.subscriptions',
]);

/** Numbers that both must agree on. */
const SAME_VALUES = /^(max_[cps]|ping_|num_connections|offset|limit|in_|out_|connections|auth_timeout|tls_timeout)/;

const program = genuineProgram();
if (program === null) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');
else test('every field stands where it stands with a genuine server, and is of the same type', () => compare(program));

async function compare(path: string): Promise<void> {
  const genuine = await startGenuine(path);
  try {
    await withMonitor('', async ({ url, port }) => {
      const [ours, theirs] = await Promise.all([traffic(port), traffic(genuine.port)]);
      const differences: string[] = [];
      for (const asked of PATHS) {
        const [own, their] = [await ask(url, asked), await ask(genuine.url, asked)];
        differences.push(...compareAnswers(asked, own, their));
      }
      for (const client of [...ours, ...theirs]) client.socket.destroy();
      assert.equal(differences, []);
    });
  } finally {
    await genuine.stop();
  }
}

interface Answer {
  status: number;
  type: string | null;
  origin: string | null;
  body: unknown;
}

async function ask(url: string, path: string): Promise<Answer> {
  const response = await fetch(url + path, { redirect: 'manual' });
  const [type, origin] = ['content-type', 'access-control-allow-origin'].map((name) => response.headers.get(name));
  const text = await response.text();
  return { status: response.status, type, origin, body: type === 'application/json' ? JSON.parse(text) : text };
}

function compareAnswers(path: string, own: Answer, their: Answer): string[] {
  const heads = [own, their].map(({ status, type, origin }) => `${status} ${type} ${origin}`);
  if (heads[0] !== heads[1]) return [`${path}: ${heads[0]} instead of ${heads[1]}`];
  return compareValues(path, '', own.body, their.body);
}

function compareValues(path: string, at: string, own: unknown, their: unknown): string[] {
  const where = `${path} ${at}`;
  if (OWN_WAYS.has(where)) return [];
  if (kindOf(own) !== kindOf(their)) return [`${where}: ${kindOf(own)} instead of ${kindOf(their)}`];
  if (typeof own === 'object' && own !== null) return compareMembers(path, at, own, their as object);
  const key = at.slice(at.lastIndexOf('.') + 1);
  const isEqualDue = at === '' || (typeof own === 'number' && SAME_VALUES.test(key));
  return isEqualDue && own !== their ? [`${where}: ${String(own)} instead of ${String(their)}`] : [];
}

function compareMembers(path: string, at: string, own: object, their: object): string[] {
  const known = (keys: string[]): string[] => keys.filter((key) => !OWN_WAYS.has(`${path} ${at}.${key}`));
  const [ours, theirs] = [known(Object.keys(own)), known(Object.keys(their))];
  if (ours.join() !== theirs.join()) return [`${path} ${at}: keys ${ours.join(' ')} instead of ${theirs.join(' ')}`];
  const member = (of: object, key: string): unknown => (of as Record<string, unknown>)[key];
  return ours.flatMap((key) => compareValues(path, `${at}.${key}`, member(own, key), member(their, key)));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** One client that stays, one that was closed for what it said. */
async function traffic(port: number): Promise<RawClient[]> {
  const client = await RawClient.connect(port);
  client.send(
    'CONNECT {"verbose":false,"name":"bob","lang":"test","version":"1"}\r\nSUB foo.* q 1\r\nSUB bar 2\r\nUNSUB 2 10\r\n' +
      'PUB bar 5\r\nhello\r\nPING\r\n',
  );
  await client.until(/PONG/);
  const bad = await RawClient.connect(port);
  bad.send('CONNECT {"verbose":false}\r\nPUB\r\n');
  await bad.untilClosed();
  return [client];
}

interface Genuine {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

function genuineProgram(): string | null {
  const named = (process.env.GNATLET_NATS_SERVER ?? '').split(delimiter).filter((path) => path !== '');
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  return [...named, ...found].find((path) => existsSync(path)) ?? null;
}

async function startGenuine(path: string): Promise<Genuine> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-monitor-'));
  const words = ['-a', '127.0.0.1', '-p', '-1', '-m', '-1', '--ports_file_dir', folder];
  const child = spawn(path, words, { stdio: 'ignore' });
  const ports = await portsOf(child, folder);
  return {
    url: ports.monitoring[0]!,
    port: Number(new URL(ports.nats[0]!).port),
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function portsOf(child: ChildProcess, folder: string): Promise<{ nats: string[]; monitoring: string[] }> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline && child.exitCode === null) {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
    const text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
    if (text.endsWith('}')) return JSON.parse(text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  throw new Error('the genuine server did not write its ports');
}

test.run();
