/** Whatever clients do, and however often the rules change: when they are gone, nothing of it is left. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { type World, worldText } from './isolation-model.ts';
import { randomMessages, randomPattern, randomRules, randomWorld } from './random-world.ts';
import { type Client, SharingBench, settle } from './sharing-bench.ts';

const ROUNDS = 15;
const STEPS = 150;

class Crowd {
  readonly bench: SharingBench;
  private readonly random: FastRandom;
  private world: World;
  private readonly clients: Client[] = [];
  /** Reply subjects that responders have seen, and may use at any time, and more than once. */
  private readonly replies: string[] = [];

  constructor(bench: SharingBench, world: World, random: FastRandom) {
    this.bench = bench;
    this.world = world;
    this.random = random;
  }

  async step(): Promise<void> {
    const { random, clients } = this;
    const client = clients[random.below(Math.max(clients.length, 1))];
    const what = random.below(20);
    if (client === undefined || what === 0) await this.join();
    else if (what === 1) this.leave(client);
    else if (what === 2) await this.changeRules();
    else if (what === 3) await this.bench.ports.clock.advance(random.below(60_000));
    else if (what < 9) client.send(`SUB ${this.pattern()} ${['', 'q'][random.below(2)]} ${random.below(6)}\r\n`);
    else if (what < 12) client.send(`UNSUB ${random.below(6)} ${['', '2'][random.below(2)]}\r\n`);
    else if (what < 17) client.send(`PUB ${this.subject()} in.${random.below(9)} 1\r\nq\r\n`);
    else client.send(this.answer());
    await settle();
    this.listen();
  }

  async end(): Promise<void> {
    for (const client of [...this.clients]) this.leave(client);
    await this.bench.ports.clock.advance(120_000);
  }

  private async join(): Promise<void> {
    const { users } = this.world;
    const client = await this.bench.client(users[this.random.below(users.length)]!.name);
    client.send('SUB in.* 99\r\n');
    this.clients.push(client);
  }

  private leave(client: Client): void {
    this.clients.splice(this.clients.indexOf(client), 1);
    client.wire.receiver?.onClosed(null);
  }

  private async changeRules(): Promise<void> {
    this.world = { ...this.world, ...randomRules(this.random, this.world) };
    assert.ok(await this.bench.reload(withoutSystem(this.world)), this.bench.log.at(-1));
  }

  private listen(): void {
    for (const client of this.clients) this.replies.push(...(client.take().match(/_R_\.\w+\.\w+/g) ?? []));
  }

  private answer(): string {
    const reply = this.replies[this.random.below(Math.max(this.replies.length, 1))] ?? '_R_.none.such';
    const asksBack = this.random.below(4) === 0 ? ` in.${this.random.below(9)}` : '';
    return this.random.below(3) === 0 ? `PUB ${reply} 0\r\n\r\n` : `PUB ${reply}${asksBack} 1\r\na\r\n`;
  }

  private pattern(): string {
    return randomPattern(this.random);
  }

  private subject(): string {
    return randomMessages(this.random, this.world, 1)[0]!.subject;
  }
}

/** What the broker keeps for its system account is no business of this test. */
function withoutSystem(world: World): string {
  return `no_system_account: true\n${worldText(world)}`;
}

for (let round = 0; round < ROUNDS; round++) {
  const seed = Math.floor(Math.random() * 2 ** 32);
  test(`when everybody is gone nothing is left (seed ${seed})`, async () => {
    const random = FastRandom.fromSeed(seed);
    const world = randomWorld(random);
    await SharingBench.with(withoutSystem(world), async (bench) => {
      const crowd = new Crowd(bench, world, random);
      for (let step = 0; step < STEPS; step++) await crowd.step();
      await crowd.end();
      assert.is(bench.sharing.pendingCount, 0, `seed ${seed}`);
      assert.equal(leftIn(bench), [], `seed ${seed}`);
      assert.is(bench.ports.clock.pending, 0, `seed ${seed}: timers`);
      assert.equal(
        bench.log.filter((line) => line.startsWith('error') && !line.includes('cid:')),
        [],
        `seed ${seed}`,
      );
    });
  });
}

/** Subscriptions besides those of service imports, and of accounts that once were asked. */
function leftIn(bench: SharingBench): string[] {
  return [...bench.server.broker.accounts.all()].flatMap(({ name, sublist }) =>
    [...sublist.subscriptions()]
      .filter(({ staysHere, pattern }) => !staysHere && !pattern.startsWith('_R_.'))
      .map(({ pattern, queue }) => `${name} ${pattern} ${queue}`),
  );
}

test.run();
