/**
 * A broker on a disk of which one change fails, any of those there are: publishers are told, what was acknowledged is there at once and after a
 * restart, and it goes on by itself.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type TestBroker, testBroker } from '../../../bin/testing.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { CountedDisk, type Ordered } from '../../kits/counted-disk.ts';
import { until } from '../../kits/until.ts';

const ROUNDS = Number(process.env.GNATLET_ROUNDS ?? 4);
/** Where files cost little, if there is such a place. */
const QUICK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const PUBLISHED = 12;
const ANSWER_MS = 20_000;

interface Answer {
  readonly seq?: number;
  readonly success?: boolean;
  readonly error?: { readonly err_code: number; readonly description: string };
}

/** What was promised: what is in the streams, and what may be. */
class Promised {
  /** Confirmed, by sequence. */
  readonly stored = new Map<number, string>();
  /** Not confirmed, and perhaps there. */
  readonly uncertain = new Set<string>();
  /** Removed, or perhaps. */
  readonly removed = new Set<number>();
  readonly settled = new Set<number>();
  published = 0;

  expect(found: ReadonlyMap<number, string>, place: string): void {
    for (const [seq, body] of this.stored) {
      if (!this.removed.has(seq)) assert.is(found.get(seq), body, `${place}: ${seq} was acknowledged`);
    }
    const known = new Set([...this.stored.values(), ...this.uncertain]);
    assert.is(new Set(found.values()).size, found.size, `${place}: nothing is there twice`);
    for (const body of found.values()) assert.ok(known.has(body), `${place}: nobody published ${body}`);
  }
}

class Life {
  readonly client: NatsConnection;
  private readonly promised: Promised;

  constructor(client: NatsConnection, promised: Promised) {
    this.client = client;
    this.promised = promised;
  }

  async ask(subject: string, body: object | string = ''): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.client.request(subject, text, { timeout: ANSWER_MS }).catch((error: Error) => {
      throw new Error(`${subject} ${text.slice(0, 40)}: ${error.message}`);
    });
    return answer.json<Answer>();
  }

  api(endpoint: string, body: object = {}): Promise<Answer> {
    return this.ask(`$JS.API.${endpoint}`, body);
  }

  async make(): Promise<void> {
    await this.api('STREAM.CREATE.S', { name: 'S', subjects: ['s'] });
    await this.api('STREAM.CREATE.W', { name: 'W', subjects: ['w'], retention: RetentionPolicy.Workqueue });
    const config = { durable_name: 'C', ack_policy: AckPolicy.Explicit };
    await this.api('CONSUMER.CREATE.W.C', { stream_name: 'W', config });
    for (let count = 0; count < 5; count++) await this.publish();
  }

  async publish(): Promise<boolean> {
    const { promised } = this;
    const body = `message ${++promised.published} ${'x'.repeat((promised.published * 271) % 900)}`;
    const { seq = 0, error } = await this.ask('s', body);
    if (error === undefined) promised.stored.set(seq, body);
    else {
      assert.match(String(error.err_code), /^(10077|10023)$/);
      promised.uncertain.add(body);
    }
    const other = await this.ask('w', body);
    return error === undefined && other.error === undefined;
  }

  /** Messages are published, taken, acknowledged, deleted, all at the same time. */
  async work(): Promise<void> {
    const publishing = Array.from({ length: PUBLISHED }, () => this.publish());
    await Promise.all([...publishing, this.consume(), this.delete(2)]);
  }

  private async delete(seq: number): Promise<void> {
    this.promised.removed.add(seq);
    await this.api('STREAM.MSG.DELETE.S', { seq, no_erase: true });
  }

  async erase(seq: number): Promise<void> {
    this.promised.removed.add(seq);
    await this.api('STREAM.MSG.DELETE.S', { seq });
  }

  private async consume(): Promise<void> {
    for await (const { reply, subject } of await this.next(3)) {
      if (subject !== 'w') continue;
      const seq = Number(reply!.split('.')[5]);
      assert.not(this.promised.settled.has(seq), `${seq} was settled before`);
      const isConfirmed = await this.client.request(reply!, '+ACK', { timeout: 2_000 }).then(
        () => true,
        () => false,
      );
      if (isConfirmed) this.promised.settled.add(seq);
    }
  }

  private async next(batch: number) {
    const wish = JSON.stringify({ batch, no_wait: true });
    return this.client.requestMany('$JS.API.CONSUMER.MSG.NEXT.W.C', wish, { maxMessages: batch, maxWait: 300 });
  }

  async goesOn(): Promise<void> {
    await until(() => this.publish());
  }

  /** Everything there is to read. */
  async found(): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    const info = (await this.api('STREAM.INFO.S')) as {
      state: { first_seq: number; last_seq: number; messages: number };
    };
    for (let seq = info.state.first_seq; seq <= info.state.last_seq; seq++) {
      const { message } = (await this.api('STREAM.MSG.GET.S', { seq })) as { message?: { data: string } };
      if (message !== undefined) found.set(seq, Buffer.from(message.data, 'base64').toString());
    }
    assert.is(found.size, info.state.messages);
    return found;
  }
}

async function started(directory: string, disk: CountedDisk): Promise<TestBroker> {
  const config = { jetstream: { store_dir: directory, max_file: 1e12 } };
  return testBroker(config, { ports: { disk: disk.disk } });
}

async function live<T>(broker: TestBroker, promised: Promised, play: (life: Life) => Promise<T>): Promise<T> {
  const client = await connect({ servers: broker.url! });
  try {
    return await play(new Life(client, promised));
  } finally {
    await client.close();
  }
}

/** Answers how many changes there were. */
async function round(directory: string, promised: Promised, ordered: Ordered): Promise<number> {
  const disk = new CountedDisk(systemPorts().disk);
  disk.order(ordered);
  let broker: TestBroker;
  try {
    broker = await started(directory, disk);
  } catch (error) {
    // It can not start, says why, and does when the disk is well again.
    assert.match((error as Error).message, ordered.code);
    disk.heal();
    broker = await started(directory, disk);
  }
  await using _ = broker;
  await live(broker, promised, async (life) => {
    // What is published behind something that is erased waits until that is done.
    if (!ordered.isLasting) await Promise.all([life.work(), life.erase(3)]);
    else await life.work();
    disk.heal();
    await life.erase(4);
    await life.goesOn();
    promised.expect(await life.found(), 'at once');
  });
  return disk.count;
}

async function restarted(directory: string, promised: Promised): Promise<void> {
  await using broker = await started(directory, new CountedDisk(systemPorts().disk));
  await live(broker, promised, async (life) => {
    promised.expect(await life.found(), 'after a restart');
    await life.work();
  });
}

for (const code of ['EIO', 'ENOSPC']) {
  for (const isLasting of [false, true]) {
    test(`D-17 D-20 D-22: any change fails with ${code}${isLasting ? ', and all after it for a while' : ''}: nothing that was acknowledged suffers`, async () => {
      const folder = mkdtempSync(join(QUICK, 'gnatlet-failing-'));
      const chance = new Seeded(chosenSeed());
      try {
        const whole = join(folder, 'whole');
        const promised = new Promised();
        await using first = await started(whole, new CountedDisk(systemPorts().disk));
        await live(first, promised, (life) => life.make());
        await first.close();
        const copy = (name: string): string => {
          cpSync(whole, join(folder, name), { recursive: true });
          return join(folder, name);
        };
        const known = (): Promised => Object.assign(new Promised(), structuredCloneOf(promised));
        const order = { code, isLasting };
        const count = await round(copy('count'), known(), { ...order, after: Number.POSITIVE_INFINITY });
        for (let at = 0; at < ROUNDS; at++) {
          const after = chance.below(count);
          const own = known();
          const directory = copy(`round-${at}`);
          try {
            await round(directory, own, { ...order, after });
            await restarted(directory, own);
          } catch (error) {
            console.error(`failed with GNATLET_SEED=${chance.seed}: change ${after} of ${count}`);
            throw error;
          }
          rmSync(directory, { recursive: true });
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
}

function structuredCloneOf({ stored, uncertain, removed, settled, published }: Promised): object {
  return structuredClone({ stored, uncertain, removed, settled, published });
}

test.run();
