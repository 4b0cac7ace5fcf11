/** A broker that is killed again and again while clients publish and consume, and what becomes of what they were promised. */
import { AckPolicy, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { BrokerProcess, Folder } from '../../../bin/broker-process.ts';
import type { Seeded } from '../../../fuzz/seeded.ts';
import { Ledger } from './ledger.ts';
import { LEVEL_DIRECTORY } from './level-plugin.ts';

const LANES = 24;
const READERS = 4;
const SHORTEST_MS = 60;
const LONGEST_MS = 500;
const ACK_WAIT = 400_000_000;

export type Kept = 'files' | 'level';

/** Plays so many rounds; answers what was broken, one line each, and how much was at stake. */
export async function killedAgainAndAgain(chance: Seeded, kept: Kept, rounds: number): Promise<string[]> {
  using folder = new Folder();
  const ledger = new Ledger();
  const words = configured(folder, kept);
  for (let round = 0; round < rounds; round++) {
    await using broker = await BrokerProcess.start(words, folder.path);
    const client = await clientOf(broker);
    if (round === 0) await prepare(client);
    const faults = ledger.faults(await contentOf(client));
    if (faults.length > 0) return [`round ${round}`, ...faults.slice(0, 10)];
    await untilKilled(broker, client, ledger, SHORTEST_MS + chance.below(LONGEST_MS));
    await client.close();
    ledger.crashed();
  }
  await using broker = await BrokerProcess.start(words, folder.path);
  return await finish(await clientOf(broker), ledger);
}

function configured(folder: Folder, kept: Kept): string[] {
  const level = new URL('./level-plugin.js', import.meta.url).pathname;
  process.env[LEVEL_DIRECTORY] = folder.file('level');
  const plugins = `plugins: [auth, storage-memory, jetstream, "${level}"]\n`;
  folder.write('a.conf', `${kept === 'level' ? plugins : ''}jetstream { store_dir: data }\n`);
  return ['-c', 'a.conf'];
}

export function clientOf({ port }: BrokerProcess): Promise<NatsConnection> {
  return connect({ servers: `127.0.0.1:${port}`, reconnect: false });
}

export async function prepare(client: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: 'S', subjects: ['s.>'], duplicate_window: 3_600_000_000_000 });
  await manager.consumers.add('S', { durable_name: 'C', ack_policy: AckPolicy.Explicit, ack_wait: ACK_WAIT });
}

/** All there is, by its sequence. */
export async function contentOf(client: NatsConnection): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  const { state } = await (await jetstreamManager(client)).streams.info('S');
  if (state.messages === 0) return found;
  const messages = await (await jetstream(client).consumers.get('S')).consume();
  for await (const message of messages) {
    found.set(message.seq, message.string());
    if (message.info.pending === 0) break;
  }
  return found;
}

export async function untilKilled(
  broker: BrokerProcess,
  client: NatsConnection,
  ledger: Ledger,
  milliseconds: number,
  kill = (): void => void broker.child.kill('SIGKILL'),
): Promise<void> {
  const timer = setTimeout(kill, milliseconds);
  const lanes = Array.from({ length: LANES }, () => publishUntilGone(client, ledger));
  const readers = Array.from({ length: READERS }, () => consumeUntilGone(client, ledger));
  await Promise.allSettled([...lanes, ...readers, broker.ended()]);
  clearTimeout(timer);
}

async function publishUntilGone(client: NatsConnection, ledger: Ledger): Promise<void> {
  const js = jetstream(client);
  for (;;) {
    const content = ledger.draw();
    try {
      const { seq } = await js.publish('s.x', content, { msgID: content, retries: 0 });
      ledger.stored.set(content, seq);
    } catch (error) {
      ledger.uncertain.add(content);
      throw error;
    }
  }
}

async function consumeUntilGone(client: NatsConnection, ledger: Ledger): Promise<void> {
  const consumer = await jetstream(client).consumers.get('S', 'C');
  for (;;) {
    const messages = await consumer.fetch({ max_messages: 20, expires: 1_000 });
    const confirmed: Promise<void>[] = [];
    for await (const message of messages) {
      ledger.given(message.seq, message.string());
      confirmed.push(settle(message, ledger));
    }
    await Promise.all(confirmed);
    if (client.isClosed()) return;
  }
}

async function settle(message: JsMsg, ledger: Ledger): Promise<void> {
  ledger.handled.add(message.seq);
  if (await message.ackAck()) ledger.settled.add(message.seq);
}

/** Publishes what is uncertain, consumes all that is left, and looks at everything once more. */
export async function finish(client: NatsConnection, ledger: Ledger): Promise<string[]> {
  const js = jetstream(client);
  while (ledger.uncertain.size > 0) {
    const content = ledger.draw();
    ledger.stored.set(content, (await js.publish('s.x', content, { msgID: content })).seq);
  }
  const found = await contentOf(client);
  const faults = ledger.faults(found);
  if (found.size !== ledger.drawn) faults.push(`${ledger.drawn} were published, ${found.size} are there`);
  const consumer = await js.consumers.get('S', 'C');
  const deadline = performance.now() + 20_000;
  while (ledger.handled.size < found.size && performance.now() < deadline) {
    for await (const message of await consumer.fetch({ max_messages: 500, expires: 1_000 })) {
      ledger.given(message.seq, message.string());
      await settle(message, ledger);
    }
  }
  const { ack_floor: floor, num_ack_pending: waiting, num_pending: left } = await consumer.info();
  const place = `${ledger.handled.size} handled, floor ${floor.stream_seq}, ${waiting} waited for, ${left} left`;
  const expected = `${found.size} handled, floor ${found.size}, 0 waited for, 0 left`;
  if (place !== expected) faults.push(`${place}; expected ${expected}`);
  await client.close();
  return [...faults, ...ledger.broken].slice(0, 10);
}
