/** Random damage to any files of a broker that is down: it serves the rest, and says wherever one looks exactly what it lost. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { bodyOf, damage, fillStreams, isBlindAfter, makeStreams } from './random-damage.ts';

const ROUNDS = Number(process.env.GNATLET_ROUNDS ?? 8);
const COUNTS = { A: 400, B: 30 } as const;
type Name = keyof typeof COUNTS;
const DELETED = [7, 8, 200];
/** Without its identity a directory is refused, which is tried elsewhere. */
const ANYWHERE = { concerns: (path: string) => !path.includes('identity'), bytesMax: 2 ** 20, fillers: [0] };

interface Seen {
  /** Null when the stream is not there. */
  readonly messages: Map<number, string> | null;
  readonly lost: readonly number[];
}

interface Look {
  readonly lines: readonly string[];
  readonly health: string;
  readonly seen: Record<Name, Seen>;
}

async function withBroker<T>(directory: string, play: (client: NatsConnection, lines: string[]) => Promise<T>) {
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  await using broker = await testBroker(
    { http: '127.0.0.1:-1', jetstream: { store_dir: directory } },
    { log: { error: say, warn: say, info: say } },
  );
  const client = await connect({ servers: broker.url! });
  try {
    return await play(client, lines);
  } finally {
    await client.close();
  }
}

function fill(directory: string): Promise<void> {
  return withBroker(directory, async (client) => {
    await makeStreams(client, COUNTS);
    await fillStreams(client, COUNTS);
    const manager = await jetstreamManager(client);
    for (const seq of DELETED) await manager.streams.deleteMessage('A', seq, false);
  });
}

function look(directory: string): Promise<Look> {
  return withBroker(directory, async (client, lines) => {
    const port = /Starting http monitor on \S+:(\d+)/.exec(lines.join('\n'))![1];
    const manager = await jetstreamManager(client);
    const seen = { A: await see(client, manager, 'A'), B: await see(client, manager, 'B') };
    const health = await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    return { lines: [...lines], health, seen };
  });
}

async function see(client: NatsConnection, manager: JetStreamManager, name: Name): Promise<Seen> {
  const known = await manager.streams.info(name).catch(() => null);
  if (known === null) return { messages: null, lost: [] };
  const messages = new Map<number, string>();
  if (known.state.messages > 0) {
    for await (const message of await (await jetstream(client).consumers.get(name)).consume()) {
      messages.set(message.seq, message.string());
      if (message.info.pending === 0) break;
    }
  }
  const { state } = (await client.request(`$JS.API.STREAM.INFO.${name}`, '')).json<{
    state: { messages: number; lost?: { msgs: number[] } };
  }>();
  assert.is(state.messages, messages.size);
  return { messages, lost: state.lost?.msgs ?? [] };
}

/** What was found, against what had been stored. */
function judge({ lines, health, seen }: Look, place: string, isBlind: boolean): void {
  const isTold = (pattern: RegExp): boolean => lines.some((line) => pattern.test(line));
  let lostCount = 0;
  for (const name of Object.keys(COUNTS) as Name[]) {
    const { messages, lost } = seen[name];
    if (messages === null) {
      assert.match(health, /could not be recovered/, `${place}: ${name} is gone in silence`);
      continue;
    }
    lostCount += lost.length;
    const missing: number[] = [];
    for (let seq = 1; seq <= COUNTS[name]; seq++) {
      const isDeleted = name === 'A' && DELETED.includes(seq);
      const found = messages.get(seq);
      if (found === undefined) missing.push(...(isDeleted ? [] : [seq]));
      else if (!isDeleted) assert.is(found, bodyOf(name, seq), `${place}: ${name} ${seq}`);
      else
        assert.ok(isBlind || isTold(/\.seg (is|can)/), `${place}: ${name} ${seq} was deleted, and is back in silence`);
    }
    const silent = missing.filter((seq) => !lost.includes(seq));
    assert.ok(
      isBlind || silent.length === 0 || isTold(/journal\S* (is|can)/),
      `${place}: ${name} lost ${silent} in silence`,
    );
    assert.equal(
      lost.filter((seq) => !missing.includes(seq)),
      [],
      `${place}: ${name} has what it calls lost`,
    );
    if (lost.length > 0) assert.ok(isTold(new RegExp(`> ${name}' lost the messages`)), `${place}: ${lines.join('\n')}`);
  }
  assert.is(/lost \d+ messages?/.test(health), lostCount > 0, `${place}: ${lostCount} lost, and health says ${health}`);
}

test('D-9 D-10 D-12: after random damage the rest is served, and log, state and health agree about what is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-rot-'));
  const chance = new Seeded(chosenSeed());
  try {
    const whole = join(folder, 'whole');
    await fill(whole);
    for (let round = 0; round < ROUNDS; round++) {
      const directory = join(folder, `round-${round}`);
      cpSync(whole, directory, { recursive: true });
      const done = Array.from({ length: 1 + chance.below(2) }, () => damage(directory, chance, ANYWHERE));
      const place = `seed ${chance.seed}, round ${round}, damaged: ${done.join('; ')}`;
      const first = await look(directory).catch((error: Error) => {
        throw new Error(`${place}: ${error.message}`);
      });
      judge(first, place, isBlindAfter(done));
      const second = await look(directory);
      for (const name of Object.keys(COUNTS) as Name[]) {
        assert.equal(second.seen[name], first.seen[name], `${place}: ${name} after another start`);
      }
      rmSync(directory, { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
