/**
 * No message ever arrives that the rules forbid, and none is missing.
 *
 * Random accounts, exports, imports, permissions and subscribers are run beside a model that knows nothing of trees, plans
 * and mirrors: for each message it goes through all rules and all subscribers, with split strings. Half-way the rules
 * change, while everybody stays connected.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { type Delivery, expectedDeliveries, type World, worldText } from './isolation-model.ts';
import { randomMessages, randomRules, randomWorld } from './random-world.ts';
import { type Client, SharingBench, settle } from './sharing-bench.ts';

const ROUNDS = 60;
const MESSAGES = 40;

for (let round = 0; round < ROUNDS; round++) {
  const seed = Math.floor(Math.random() * 2 ** 32);
  test(`accounts see what they may see and nothing else (seed ${seed})`, async () => {
    const random = FastRandom.fromSeed(seed);
    const world = randomWorld(random);
    await SharingBench.with(worldText(world), async (bench) => {
      const clients = await connectAll(bench, world);
      await publishAndCompare(world, clients, random, seed);
      const changed: World = { ...world, ...randomRules(random, world) };
      assert.ok(await bench.reload(worldText(changed)), `seed ${seed}: ${bench.log.at(-1)}\n${worldText(changed)}`);
      await publishAndCompare(changed, clients, random, seed);
      const fewer = await someLeave(changed, clients, random);
      await publishAndCompare(fewer, clients, random, seed);
    });
  });
}

async function connectAll(bench: SharingBench, world: World): Promise<Client[]> {
  const clients: Client[] = [];
  for (const [at, user] of world.users.entries()) {
    const client = await bench.client(user.name);
    const subscriptions = world.subscribers.filter((subscriber) => subscriber.user === at);
    await client.ask(subscriptions.map(({ pattern, queue, sid }) => `SUB ${pattern} ${queue} ${sid}\r\n`).join(''));
    clients.push(client);
  }
  return clients;
}

/** Half of the subscribers end what they had, and so do a few of those who stay, and begin it again. */
async function someLeave(world: World, clients: Client[], random: FastRandom): Promise<World> {
  const stay = world.subscribers.filter(() => random.below(2) === 0);
  for (const { user, sid, pattern, queue } of world.subscribers) {
    const isBack = stay.some((other) => other.sid === sid);
    if (isBack && random.below(2) === 0) continue;
    await clients[user]!.ask(`UNSUB ${sid}\r\n${isBack ? `SUB ${pattern} ${queue} ${sid}\r\n` : ''}`);
  }
  return { ...world, subscribers: stay };
}

async function publishAndCompare(world: World, clients: Client[], random: FastRandom, seed: number): Promise<void> {
  for (const { user, subject } of randomMessages(random, world, MESSAGES)) {
    clients[user]!.send(`PUB ${subject} 1\r\nx\r\n`);
    await settle();
    const arrived = clients.flatMap((client, at) => deliveriesIn(client.take(), at));
    const { plain, groups } = expectedDeliveries(world, user, subject);
    const where = `seed ${seed}: ${world.users[user]!.name} published ${subject}\n${worldText(world)}`;
    assert.equal(sorted(arrived.filter(({ sid }) => !isGrouped(world, sid))), sorted(plain), where);
    compareGroups(world, arrived, groups, where);
  }
}

/** Of each group exactly one member got it, and it is one who may; where nobody may, nobody did. */
function compareGroups(world: World, arrived: Delivery[], groups: Map<string, Delivery[]>, where: string): void {
  const left = arrived.filter(({ sid }) => isGrouped(world, sid));
  for (const [name, candidates] of groups) {
    const taken = left.findIndex((delivery) => candidates.some((candidate) => isSame(candidate, delivery)));
    assert.ok(taken >= 0, `nobody of the group ${name} got it\n${where}`);
    left.splice(taken, 1);
  }
  assert.equal(left, [], `more than one of a group, or the wrong one\n${where}`);
}

function isGrouped(world: World, sid: number): boolean {
  return world.subscribers.some((subscriber) => subscriber.sid === sid && subscriber.queue !== '');
}

function deliveriesIn(text: string, user: number): Delivery[] {
  return [...text.matchAll(/^H?MSG (\S+) (\d+) /gm)].map(([, subject, sid]) => ({
    user,
    sid: Number(sid),
    subject: subject!,
  }));
}

function sorted(deliveries: Delivery[]): string[] {
  return deliveries.map(({ user, sid, subject }) => `${user} ${sid} ${subject}`).sort();
}

function isSame(one: Delivery, other: Delivery): boolean {
  return one.user === other.user && one.sid === other.sid && one.subject === other.subject;
}

test.run();
