/** Streams of any configuration, by any commands, against a list of messages: the same answers and the same content. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Markers } from '../../../plugins/jetstream/stream/marker.ts';
import { DUPLICATE, STORED } from '../../../plugins/jetstream/stream/publish-verdict.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { type MachineBench, machineBench } from './machine-bench.ts';
import { type Headers, type NaiveLimits, NaiveStream } from './naive-stream.ts';

const RUNS = 60;
const COMMANDS = 150;
const markers = new Markers(() => {});

type Command =
  | { readonly kind: 'publish'; readonly at: number; subject: string; body: string; headers: Headers }
  | { readonly kind: 'remove'; readonly seq: number }
  | { readonly kind: 'purge'; readonly before: number; readonly subject: string; readonly keep: number }
  | { readonly kind: 'expire'; readonly at: number }
  | { readonly kind: 'update'; readonly maxMsgs: number; readonly maxBytes: number; readonly perSubject: number };

const cap = (chance: Seeded, bound: number): number =>
  chance.once(3) ? Number.POSITIVE_INFINITY : 1 + chance.below(bound);

function drawnLimits(chance: Seeded): NaiveLimits {
  const perSubject = cap(chance, 6);
  const discardsNew = chance.once(2);
  return {
    maxMsgs: cap(chance, 25),
    maxBytes: chance.once(2) ? Number.POSITIVE_INFINITY : 200 + chance.below(2_000),
    perSubject,
    maxAge: chance.once(2) ? 0 : 10 + chance.below(40),
    window: 5,
    discardsNew,
    newPerSubject: discardsNew && perSubject !== Number.POSITIVE_INFINITY && chance.once(2),
  };
}

function drawnCommand(chance: Seeded, at: number): Command {
  const subject = `s.${chance.below(4)}`;
  const seq = 1 + chance.below(COMMANDS);
  switch (chance.below(14)) {
    case 0:
      return { kind: 'remove', seq };
    case 1:
      return { kind: 'purge', before: 0, subject: chance.once(3) ? '' : subject, keep: chance.below(3) };
    case 2:
      return { kind: 'purge', before: seq, subject: chance.once(2) ? '' : subject, keep: 0 };
    case 3:
      return { kind: 'expire', at };
    case 4:
      return {
        kind: 'update',
        maxMsgs: cap(chance, 25),
        maxBytes: cap(chance, 2_000),
        perSubject: 1 + chance.below(6),
      };
    default:
      return { kind: 'publish', at, subject, body: 'x'.repeat(chance.below(60)), headers: drawnHeaders(chance) };
  }
}

function drawnHeaders(chance: Seeded): Headers {
  const small = (): string => String(chance.below(30));
  return {
    ...(chance.once(4) ? { 'Nats-Msg-Id': `id${chance.below(6)}` } : {}),
    ...(chance.once(9) ? { 'Nats-Expected-Last-Msg-Id': `id${chance.below(6)}` } : {}),
    ...(chance.once(9) ? { 'Nats-Expected-Last-Sequence': small() } : {}),
    ...(chance.once(9) ? { 'Nats-Expected-Last-Subject-Sequence': small() } : {}),
    ...(chance.once(10) ? { 'Nats-Rollup': chance.pick(['sub', 'all']) } : {}),
    ...(chance.once(6) ? { 'Nats-TTL': `${1 + chance.below(30)}s` } : {}),
  };
}

const configured = (value: number): number => (value === Number.POSITIVE_INFINITY ? -1 : value);

function benchOf(limits: NaiveLimits): Promise<MachineBench> {
  return machineBench({
    max_msgs: configured(limits.maxMsgs),
    max_bytes: configured(limits.maxBytes),
    max_msgs_per_subject: configured(limits.perSubject),
    max_age: limits.maxAge * 1e9,
    duplicate_window: limits.window * 1e9,
    discard: limits.discardsNew ? 'new' : 'old',
    discard_new_per_subject: limits.newPerSubject,
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
  });
}

function byMachine(bench: MachineBench, command: Command): string {
  const { machine } = bench;
  switch (command.kind) {
    case 'publish': {
      const { kind, sequence, error } = bench.publish(command.at, command.subject, command.body, command.headers);
      if (kind === STORED) return `${sequence}`;
      return kind === DUPLICATE ? `(${sequence})` : `error ${error!.number}`;
    }
    case 'remove':
      machine.remove(command.seq, false);
      return '';
    case 'purge':
      return `${machine.purge({ before: command.before, filter: command.subject, keep: command.keep })}`;
    case 'expire':
      machine.expire(command.at, 0, markers);
      return '';
    case 'update':
      machine.update({
        ...machine.config,
        maxMsgs: BigInt(configured(command.maxMsgs)),
        maxBytes: BigInt(configured(command.maxBytes)),
        maxMsgsPerSubject: BigInt(command.perSubject),
      });
      return '';
  }
}

function byList(list: NaiveStream, command: Command): string {
  switch (command.kind) {
    case 'publish':
      return list.publish(command.at, command.subject, command.body, command.headers);
    case 'remove':
      list.remove(command.seq);
      return '';
    case 'purge':
      return `${list.purge(command.before, command.subject, command.keep)}`;
    case 'expire':
      list.expire(command.at);
      return '';
    case 'update':
      list.update({ ...list.limits, ...command });
      return '';
  }
}

/** What differs after the first command that shows it; empty where nothing does. */
async function difference(limits: NaiveLimits, commands: readonly Command[]): Promise<string> {
  const bench = await benchOf(limits);
  const list = new NaiveStream(limits);
  for (const command of commands) {
    const found = [byMachine(bench, command), ...bench.dump()].join('\n');
    const expected = [byList(list, command), ...list.dump()].join('\n');
    if (found !== expected) return `${JSON.stringify(command)}\nbecame\n${found}\nand should be\n${expected}`;
  }
  return '';
}

/** The fewest commands that still show it. */
async function shrunk(limits: NaiveLimits, commands: readonly Command[]): Promise<readonly Command[]> {
  let left = commands;
  for (let at = left.length - 1; at >= 0; at--) {
    const without = left.filter((_one, index) => index !== at);
    if ((await difference(limits, without)) !== '') left = without;
  }
  return left;
}

test('a stream is what a list of its messages would be, after every command', async () => {
  const seed = chosenSeed();
  for (let run = 0; run < RUNS; run++) {
    const chance = new Seeded(seed + run);
    const limits = drawnLimits(chance);
    const commands = Array.from({ length: COMMANDS }, (_, at) => drawnCommand(chance, 1_000 + at + chance.below(2)));
    if ((await difference(limits, commands)) === '') continue;
    const few = await shrunk(limits, commands);
    const story = few.map((command) => JSON.stringify(command)).join('\n');
    assert.unreachable(`seed ${seed + run}, ${JSON.stringify(limits)}\n${story}\n${await difference(limits, few)}`);
  }
});

test.run();
