/** Any damage to any files of a directory of streams that nobody uses. */
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Seeded } from '../../fuzz/seeded.ts';

/** How many messages there are in each stream. */
export type Counts = Readonly<Record<string, number>>;

/** Of any length, and told from all others. */
export function bodyOf(stream: string, seq: number): string {
  return `${stream} ${seq} ${'x'.repeat((seq * 37) % 2000)}`;
}

export async function makeStreams(client: NatsConnection, counts: Counts): Promise<void> {
  const manager = await jetstreamManager(client);
  for (const name of Object.keys(counts)) await manager.streams.add({ name, subjects: [`${name}.>`] });
}

export async function fillStreams(client: NatsConnection, counts: Counts): Promise<void> {
  const js = jetstream(client);
  for (const [name, count] of Object.entries(counts)) {
    for (let seq = 1; seq <= count; seq++) await js.publish(`${name}.${seq % 3}`, bodyOf(name, seq));
  }
}

/** Without the reserve, which holds nothing. */
export function filesOf(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
  return names.filter((path) => statSync(path).isFile() && !path.endsWith('reserve')).sort();
}

interface DamageWish {
  /** Files it may happen to. */
  readonly concerns?: (path: string) => boolean;
  /** How far from the beginning of a file it may be. */
  readonly bytesMax: number;
  /** What takes the place of some of it. */
  readonly fillers: readonly number[];
}

/** Answers what was done. */
export function damage(directory: string, chance: Seeded, { concerns, bytesMax, fillers }: DamageWish): string {
  const files = filesOf(directory);
  const path = chance.pick(concerns === undefined ? files : files.filter(concerns));
  const bytes = readFileSync(path);
  const at = chance.below(Math.min(bytes.length, bytesMax) + 1);
  const name = `${relative(directory, path)} at ${at}`;
  switch (chance.below(5)) {
    case 0:
      if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << chance.below(8);
      writeFileSync(path, bytes);
      return `a bit of ${name}`;
    case 1:
      bytes.fill(chance.pick(fillers), at, Math.min(bytes.length, at + 1 + chance.below(5_000)));
      writeFileSync(path, bytes);
      return `some of ${name}`;
    case 2:
      truncateSync(path, at);
      return `the end of ${name}`;
    case 3:
      rmSync(path);
      return `all of ${name}`;
    default: {
      const other = chance.pick(files.filter((each) => each.slice(-4) === path.slice(-4)));
      if (other !== path) copyFileSync(other, path);
      return `${relative(directory, other)} for ${name}`;
    }
  }
}

/** Without its note of the tail, what is cut off a journal may never have been there. */
export function isBlindAfter(done: readonly string[]): boolean {
  return ['tail', '.seg'].every((part) => done.some((one) => one.includes(part)));
}
