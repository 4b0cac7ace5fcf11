import { readFileSync } from 'node:fs';
import { FrameReader } from '../generator/frame-reader.ts';
import { type Link, openLink } from '../generator/link.ts';

/** Opened at once; more would only wait in the server's accept queue. */
const BATCH = 100;
/** Files that a process needs besides its connections. */
const OTHER_FILES = 200;

export interface Address {
  host: string;
  port: number;
}

/** Connections that expect no messages. A failure of any, later, is told to `onFailure`. */
export async function openLinks(address: Address, count: number, onFailure: (error: Error) => void): Promise<Link[]> {
  const links: Link[] = [];
  while (links.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - links.length) }, () => openPlain(address, onFailure));
    links.push(...(await Promise.all(batch)));
  }
  return links;
}

export function openPlain(address: Address, onFailure: (error: Error) => void): Promise<Link> {
  return openLink({ ...address, onFailure, intake: (onLine) => new FrameReader(0, () => {}, onLine) });
}

/** As many of the connections wished for as the limit on open files allows, here and in the server. */
export function affordableConnections(wished: number): number {
  const limit = openFilesLimit();
  return limit === null ? wished : Math.min(wished, limit - OTHER_FILES);
}

/** Why there are fewer than wished for; empty when there are not. */
export function shortageNote(count: number, wished: number): string {
  return count === wished ? '' : ` (with ${count} connections only: ulimit -n is ${openFilesLimit()})`;
}

function openFilesLimit(): number | null {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}
