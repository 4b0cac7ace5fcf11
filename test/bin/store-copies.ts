/** Copies of a store directory to damage and look at, and `gnatlet store` upon them. */

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AckPolicy, jetstream, jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import * as assert from 'uvu/assert';
import { store } from '../../bin/store/command.ts';
import { testBroker } from '../../bin/testing.ts';
import { untilStoresAreOnDisk } from '../kits/stores-on-disk.ts';
import { Folder } from './broker-process.ts';

export const COUNT = 400;
export const folder = new Folder();

export const bodyOf = (seq: number): string => `${seq}:`.padEnd(1000, 'x');

/** A stream in blocks, a small one in the journal, and a consumer that was given two messages and acknowledged one. */
export async function fill(
  directory: string,
  key = '',
  compression: StoreCompression = StoreCompression.None,
): Promise<void> {
  await using broker = await testBroker({ jetstream: { store_dir: directory, ...(key === '' ? {} : { key }) } });
  const client = await connect({ servers: broker.url! });
  const [js, manager] = [jetstream(client), await jetstreamManager(client)];
  await manager.streams.add({ name: 'A', subjects: ['a.>'], compression });
  await manager.streams.add({ name: 'B', subjects: ['b.>'] });
  await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
  // Then all messages of A come to one block at the end, and those of B stay in the journal.
  await untilStoresAreOnDisk(directory, 2);
  for (let seq = 1; seq <= COUNT; seq++) await js.publish(`a.${seq % 3}`, bodyOf(seq));
  const fields = headers();
  fields.append('Colour', 'red');
  fields.append('Colour', 'blue');
  await js.publish('b.text', 'grün', { headers: fields });
  await js.publish('b.bytes', new Uint8Array([0xff, 0, 1]));
  await js.publish('b.empty');
  const consumer = await js.consumers.get('A', 'C');
  await (await consumer.next())!.ackAck();
  await consumer.next();
  await client.close();
}

export const original = folder.file('original');
let copies = 0;
/** The store directory of a copy of its own. */
export function copied(from = original): string {
  const path = folder.file(`copy-${++copies}`);
  cpSync(from, path, { recursive: true });
  return path;
}

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Within this process, which is faster. */
export async function tool(...words: string[]): Promise<Ran> {
  let out = '';
  const code = await store(words, {}, async (text) => {
    out += text;
  });
  return { code, out };
}

export function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export function digest(directory: string): string {
  const sum = createHash('sha256');
  for (const path of filesOf(directory)) sum.update(relative(directory, path)).update(readFileSync(path));
  return sum.digest('hex');
}

export function change(path: string, at: number, alter: (byte: number) => number): void {
  const bytes = readFileSync(path);
  bytes[at] = alter(bytes[at]!);
  writeFileSync(path, bytes);
}

export const flip = (path: string, at: number): void => change(path, at, (byte) => byte ^ 1);
export const named = (directory: string, end: string): string[] =>
  filesOf(directory).filter((path) => path.endsWith(end));
export const blockOf = (directory: string): string =>
  named(directory, '.blk').find((path) => statSync(path).size > 100_000)!;

/** The segment and the place where a text stands. */
export function inJournal(directory: string, text: string): [path: string, at: number] {
  for (const path of named(directory, '.seg')) {
    const at = readFileSync(path).indexOf(text);
    if (at >= 0) return [path, at];
  }
  throw new Error(`${text} is in no segment`);
}

export interface Checked {
  readonly whole: boolean;
  readonly streams: readonly {
    readonly stream: string;
    readonly messages: number;
    readonly lost: readonly (readonly [number, number])[];
    readonly lost_messages: number;
    readonly problems: readonly string[];
  }[];
  readonly damage: readonly { readonly path: string; readonly part: string }[];
}

/** Checks, and checks that checking changes nothing. */
export async function checked(directory: string): Promise<Checked> {
  const before = digest(directory);
  const { code, out } = await tool('check', directory, '--json');
  const found = JSON.parse(out) as Checked;
  assert.is(code, found.whole ? 0 : 2);
  assert.is(digest(directory), before, 'nothing was written');
  return found;
}

export const lostOf = ({ streams }: Checked, name: string): number[] => {
  const found = streams.find(({ stream }) => stream === name);
  return (found?.lost ?? []).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
};

export interface Line {
  readonly kind: string;
  readonly stream: string;
  readonly seq: number;
  readonly [key: string]: unknown;
}

export async function dumped(...words: string[]): Promise<Line[]> {
  const { out } = await tool('dump', ...words);
  return out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
}

/** What a server that is started on it says and serves. */
export async function served(directory: string): Promise<{ lost: number[]; texts: Map<number, string> }> {
  await using broker = await testBroker({ jetstream: { store_dir: directory } });
  const client = await connect({ servers: broker.url! });
  const texts = new Map<number, string>();
  for (let seq = 1; seq <= COUNT; seq++) {
    const answer = await client.request('$JS.API.STREAM.MSG.GET.A', JSON.stringify({ seq }));
    const { message } = answer.json<{ message?: { data: string } }>();
    if (message !== undefined) texts.set(seq, Buffer.from(message.data, 'base64').toString());
  }
  const { state } = (await client.request('$JS.API.STREAM.INFO.A', '')).json<{
    state: { lost?: { msgs: number[] } };
  }>();
  await client.close();
  return { lost: state.lost?.msgs ?? [], texts };
}
