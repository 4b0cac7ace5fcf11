import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { programPath } from '../runner/package-root.ts';

export interface Server {
  /** As the tables show it: "gnatlet 0.1.0", "nats-server 2.10.27". */
  name: string;
  command: string;
  /** Before the flags that every server understands. */
  args: string[];
  isGnatlet: boolean;
  /** What --servers may name it by, besides its name. */
  path: string;
}

const GNATLET_PATH = programPath();
export const EMBEDDING_PATH = join(dirname(GNATLET_PATH), 'index.js');

/** gnatlet as built beside this file, and each genuine nats-server of PATH and GNATLET_NATS_SERVER. */
export function findServers(): Server[] {
  const peers = new Map<string, Server>();
  for (const path of peerPaths()) {
    if (isExecutable(path) && !peers.has(realpathSync(path))) peers.set(realpathSync(path), peer(path));
  }
  const gnatlet = existsSync(GNATLET_PATH) ? [gnatletServer()] : [];
  return [...gnatlet, ...distinctlyNamed([...peers.values()])];
}

/** In the order asked for; without a wish, all of them. */
export function chooseServers(found: Server[], wishes: string[]): Server[] {
  if (wishes.length === 0) return found;
  return wishes.map((wish) => {
    const server = found.find((candidate) => matches(candidate, wish)) ?? serverAt(wish);
    if (server !== null) return server;
    const known = found.map(({ name }) => name).join(', ');
    throw new Error(`--servers names "${wish}", but found were only: ${known || 'none'}`);
  });
}

function matches(server: Server, wish: string): boolean {
  if (wish === 'gnatlet') return server.isGnatlet;
  return !server.isGnatlet && (server.name.includes(wish) || server.path.includes(wish));
}

function serverAt(path: string): Server | null {
  return path.includes('/') && isExecutable(path) ? peer(path) : null;
}

function peerPaths(): string[] {
  const named = (process.env.GNATLET_NATS_SERVER ?? '').split(delimiter);
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  return [...named, ...onPath].filter((path) => path !== '');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function peer(path: string): Server {
  const answer = execFileSync(path, ['-v'], { encoding: 'utf8' });
  const version = /v?(\d+\.\d+\.\S+)/.exec(answer)?.[1] ?? 'of unknown version';
  return { name: `nats-server ${version}`, command: path, args: [], isGnatlet: false, path };
}

function distinctlyNamed(peers: Server[]): Server[] {
  const isTwin = (one: Server): boolean => peers.some((other) => other !== one && other.name === one.name);
  return peers.map((one) => (isTwin(one) ? { ...one, name: `${one.name} (${one.path})` } : one));
}

function gnatletServer(): Server {
  return {
    name: `gnatlet ${gnatletVersion()}`,
    command: process.execPath,
    args: [GNATLET_PATH],
    isGnatlet: true,
    path: GNATLET_PATH,
  };
}

function gnatletVersion(): string {
  for (let url = new URL('.', import.meta.url); url.pathname !== '/'; url = new URL('..', url)) {
    const manifest = new URL('package.json', url);
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).version;
  }
  return '(unknown version)';
}
