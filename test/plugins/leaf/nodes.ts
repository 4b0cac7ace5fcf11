/** A hub and its leafs, of this project and genuine ones, on ports of this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServer } from '../../../bin/compose.ts';
import type { Server } from '../../../kernel/server.ts';
import type { LeafAddress } from '../../../plugins/leaf/contract.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';
import type { Node } from '../route/nodes.ts';

export interface LeafNode extends Node {
  readonly leafPort: number;
}

/** Without `program` a server of this project, in this process. */
export function startLeafNode(name: string, text: string, program = ''): Promise<LeafNode> {
  const full = `server_name: ${name}\n${text}\n`.replaceAll('@tls', TLS_FIXTURES);
  return program === '' ? startHere(name, full) : startProcess(name, full, program);
}

/** What a hub's configuration says of leafs. */
export function hubText(more = ''): string {
  return `leafnodes { host: 127.0.0.1, port: -1, ${more} }`;
}

/** What a leaf's configuration says of its hub. */
export function spokeText({ leafPort }: LeafNode, more = '', login = ''): string {
  const url = `nats-leaf://${login}127.0.0.1:${leafPort}`;
  return `leafnodes { remotes: [{ url: "${url}", ${more} }] }`;
}

async function startHere(name: string, text: string): Promise<LeafNode> {
  const log: string[] = [];
  const full = `host: 127.0.0.1\nport: -1\n${text}`;
  const server = await composeServer({ text: full, path: `${name}.conf`, log: listLog(log) });
  await server.start();
  return {
    name,
    port: server.address!.port,
    clusterPort: portOf(server, 'cluster.address'),
    leafPort: portOf(server, 'leaf.address'),
    server,
    log,
    signal: () => {},
    stop: () => server.close(),
  };
}

function portOf(server: Server, capability: string): number {
  const address = server.host.capabilities.find(capability)?.value as LeafAddress | undefined;
  const [url = ''] = address?.urls() ?? [];
  return Number(url.slice(url.lastIndexOf(':') + 1));
}

async function startProcess(name: string, text: string, program: string): Promise<LeafNode> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-leaf-'));
  const path = join(folder, 'server.conf');
  writeFileSync(path, text);
  const words = ['-c', path, '-a', '127.0.0.1', '-p', '-1'];
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => void log.push(piece));
  const port = (what: string): number =>
    Number(new RegExp(`Listening for ${what} connections on \\S+:(\\d+)`).exec(log.join(''))?.[1] ?? 0);
  await until(() => {
    if (child.exitCode !== null) throw new Error(log.join(''));
    const isBound =
      (!text.includes('cluster {') || port('route') > 0) &&
      (!text.includes('websocket {') || log.join('').includes('Listening for websocket clients'));
    return isBound && log.join('').includes('Server is ready');
  });
  return {
    name,
    port: port('client'),
    clusterPort: port('route'),
    leafPort: port('leafnode'),
    server: null,
    log,
    signal: (signal) => void child.kill(signal),
    stop: () => stopProcess(child, folder),
  };
}

async function stopProcess(child: ChildProcess, folder: string): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
}
