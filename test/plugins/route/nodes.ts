/** Servers of a cluster, of this project and genuine ones, on ports of this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServer } from '../../../bin/compose.ts';
import type { Server } from '../../../kernel/server.ts';
import type { ClusterAddress } from '../../../plugins/route/contract.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';
import { RawClient } from '../running-server.ts';
import { clusterReload } from './cluster-block.ts';

export interface Node {
  readonly name: string;
  readonly port: number;
  readonly clusterPort: number;
  /** Null for a process of its own. */
  readonly server: Server | null;
  readonly log: string[];
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface ClusterNode extends Node {
  /** A reload that gives these accounts connections of their own; of what was in the block `cluster` only the routes stay. */
  dedicate(accounts: readonly string[]): Promise<void>;
}

export interface NodeOptions {
  /** What stands in the block `cluster` besides the port. */
  readonly cluster?: string;
  /** The rest of the configuration. */
  readonly text?: string;
  /** Cluster ports of others. */
  readonly routes?: readonly number[];
  /** What stands in front of the host in URLs to them. */
  readonly login?: string;
  /** A fixed cluster port: that of a server before it. */
  readonly clusterPort?: number;
}

/** Without `program` a server of this project, in this process. */
export function startNode(name: string, options: NodeOptions = {}, program = ''): Promise<ClusterNode> {
  return program === '' ? startHere(name, options) : startProcess(name, options, program);
}

function textOf(
  name: string,
  { cluster = 'name: C', text = '', routes = [], login = '', clusterPort = -1 }: NodeOptions,
): string {
  const urls = routes.map((port) => `"nats://${login === '' ? '' : `${login}@`}127.0.0.1:${port}"`).join(', ');
  return `server_name: ${name}\n${text}\ncluster { host: 127.0.0.1, port: ${clusterPort}, ${cluster}\n routes: [${urls}] }\n`;
}

async function startHere(name: string, options: NodeOptions): Promise<ClusterNode> {
  const log: string[] = [];
  const text = `host: 127.0.0.1\nport: -1\n${textOf(name, options).replaceAll('@tls', TLS_FIXTURES)}`;
  const server = await composeServer({ text, path: `${name}.conf`, log: listLog(log) });
  await server.start();
  const address = server.host.capabilities.find('cluster.address')!.value as ClusterAddress;
  const [url = ''] = address.urls();
  return {
    name,
    port: server.address!.port,
    clusterPort: Number(url.slice(url.lastIndexOf(':') + 1)),
    server,
    log,
    signal: () => {},
    dedicate: async (accounts) => {
      const routes = (options.routes ?? []).map((port) => `nats://127.0.0.1:${port}`);
      const block = { name: 'C', host: '127.0.0.1', port: -1, routes, accounts: [...accounts] };
      await server.host.reload(clusterReload(block));
    },
    stop: () => server.close(),
  };
}

async function startProcess(name: string, options: NodeOptions, program: string): Promise<ClusterNode> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-route-'));
  const path = join(folder, 'server.conf');
  writeFileSync(path, textOf(name, options).replaceAll('@tls', TLS_FIXTURES));
  const words = ['-c', path, '-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder];
  const isOurs = program.endsWith('.js');
  const child = spawn(isOurs ? process.execPath : program, isOurs ? [program, ...words] : words, {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => void log.push(piece));
  const ports = { nats: 0, cluster: 0 };
  await until(() => {
    if (child.exitCode !== null) throw new Error(log.join(''));
    return readPorts(folder, ports);
  });
  return {
    name,
    port: ports.nats,
    clusterPort: ports.cluster,
    server: null,
    log,
    signal: (signal) => void child.kill(signal),
    dedicate: async (accounts) => {
      writeFileSync(path, textOf(name, { ...options, cluster: `name: C, accounts: [${accounts.join()}]` }));
      const seen = log.length;
      child.kill('SIGHUP');
      await until(() => log.slice(seen).join('').includes('Reloaded server configuration'));
    },
    stop: () => stopProcess(child, folder),
  };
}

function readPorts(folder: string, ports: { nats: number; cluster: number }): boolean {
  const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
  if (name === undefined) return false;
  const text = readFileSync(join(folder, name), 'utf8');
  for (const kind of ['nats', 'cluster'] as const) {
    ports[kind] = Number(new RegExp(`"${kind}":\\s*\\[\\s*"[^"]*:(\\d+)"`).exec(text)?.[1] ?? 0);
  }
  return ports.nats > 0 && ports.cluster > 0;
}

async function stopProcess(child: ChildProcess, folder: string): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
}

const clients = new Set<RawClient>();

export type AddNode = <N extends Node>(node: Promise<N>) => Promise<N>;

export async function withNodes(use: (add: AddNode) => Promise<void>): Promise<void> {
  const nodes: Node[] = [];
  try {
    await use(async (starting) => {
      const node = await starting;
      nodes.push(node);
      return node;
    });
  } finally {
    for (const { socket } of clients) socket.destroy();
    clients.clear();
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

const QUIET = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1';

/** A client that has logged in. */
export async function clientOf({ port }: Node, user = ''): Promise<RawClient> {
  const client = await RawClient.connect(port);
  clients.add(client);
  const login = user === '' ? '' : `,"user":"${user}","pass":"${user}"`;
  client.send(`${QUIET}${login}}\r\nPING\r\n`);
  await client.until(/PONG\r\n/);
  client.text = '';
  return client;
}

const PROBE = 'probing';

/** Publishes from one until the other has heard of it, so that interest is known to be there. */
export async function untilHeard(publisher: RawClient, subscriber: RawClient, subject: string): Promise<void> {
  const word = `${PROBE}${Math.trunc(performance.now() * 1000)}`;
  await until(async () => {
    publisher.send(`PUB ${subject} ${word.length}\r\n${word}\r\n`);
    for (let turn = 0; turn < 50 && !subscriber.text.includes(word); turn++)
      await new Promise((next) => setImmediate(next));
    return subscriber.text.includes(word);
  });
  await settled(publisher, subscriber);
  subscriber.text = '';
}

/** Everything sent before has arrived, as far as these two are concerned. */
export async function settled(...clients: RawClient[]): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const client of clients) {
      const before = client.text.split('PONG\r\n').length;
      client.send('PING\r\n');
      await until(() => client.text.split('PONG\r\n').length > before);
    }
  }
  for (const client of clients) client.text = client.text.replaceAll('PONG\r\n', '');
}

/** Without what was sent to find out whether interest is there, some of which may come late. */
export function bodiesIn(client: RawClient, sid: string): string[] {
  const found: string[] = [];
  const message = /(H?)MSG (\S+) (\S+) (?:(\S+) )?(?:(\d+) )?(\d+)\r\n/g;
  for (let match = message.exec(client.text); match !== null; match = message.exec(client.text)) {
    const size = Number(match[6]);
    const body = client.text.slice(message.lastIndex, message.lastIndex + size);
    // A probe of `untilHeard` may come in later than what ended the wait for it.
    if (match[3] === sid && !body.startsWith(PROBE)) found.push(body);
    message.lastIndex += size;
  }
  return found;
}
