/** What a hub tells each of its leafs, held against a model that counts everything for each of them anew. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Receiver, Transport } from '../../../kernel/ports/transport.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import type { SimulatedClient } from '../route/simulated-cluster.ts';
import { LEAF_PORT, leafnodes, SimulatedTree } from './simulated-tree.ts';

const CLUSTERS = ['east', 'west', ''];
const SUBJECTS = ['a', 'b', 'c.*', 'd.>'];
const QUEUES = ['', '', 'g', 'h'];
const STEPS = 400;

/** By `subject queue` how much of it. */
type Amounts = Map<string, number>;

class RawLeaf implements Receiver {
  readonly wants: Amounts = new Map();
  readonly told: Amounts = new Map();
  readonly cluster: string;
  readonly isIsolated: boolean;
  readonly isHub: boolean;
  isGone = false;
  private rest = '';
  private readonly wire: Transport;

  constructor(wire: Transport, options: { name: string; cluster: string; isIsolated: boolean; isHub: boolean }) {
    const { name, cluster, isIsolated: isolate, isHub } = options;
    this.wire = wire;
    this.cluster = cluster === '' ? `#${name}` : cluster;
    this.isIsolated = isolate;
    this.isHub = isHub;
    wire.start(this);
    const named = cluster === '' ? {} : { cluster };
    const connect = { name, ...named, headers: true, isolate, is_hub: isHub || undefined };
    this.say(`CONNECT ${JSON.stringify(connect)}\r\n`);
  }

  say(text: string): void {
    this.wire.write(Buffer.from(text, 'latin1'));
  }

  want(subject: string, queue: string, amount: number): void {
    const key = `${subject} ${queue}`;
    if (amount === 0) {
      if (this.wants.delete(key)) this.say(`LS- ${subject}${queue === '' ? '' : ` ${queue}`}\r\n`);
      return;
    }
    this.wants.set(key, queue === '' ? 1 : amount);
    this.say(`LS+ ${subject}${queue === '' ? '' : ` ${queue} ${amount}`}\r\n`);
  }

  leave(): void {
    this.isGone = true;
    this.wire.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    const lines = (this.rest + Buffer.from(bytes).toString('latin1')).split('\r\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.read(line);
  }

  private read(line: string): void {
    const [, sign = '', subject = '', queue = '', weight = '1'] =
      /^LS([+-]) (\S+)(?: (\S+)(?: (\d+))?)?$/.exec(line) ?? [];
    if (line === 'PING') this.say('PONG\r\n');
    if (subject === '' || subject.startsWith('$')) return;
    const key = `${subject} ${queue}`;
    const before = this.told.get(key);
    if (sign === '-') assert.ok(this.told.delete(key), `${line}: it was not told before`);
    else {
      const isNews = queue === '' ? before === undefined : before !== Number(weight);
      assert.ok(isNews, `${line}: it was told already`);
      this.told.set(key, Number(weight));
    }
  }

  onRead(): void {}
  onWritten(): void {}
  onClosed(): void {}
}

interface World {
  readonly tree: SimulatedTree;
  readonly client: SimulatedClient;
  readonly local: Map<number, string>;
  readonly leafs: RawLeaf[];
}

/** Everything there is, for one leaf, from the beginning. */
function expected({ local, leafs }: World, leaf: RawLeaf): Amounts {
  const sums: Amounts = new Map();
  const add = (key: string, amount: number): void => void sums.set(key, (sums.get(key) ?? 0) + amount);
  for (const key of local.values()) add(key, 1);
  for (const other of leafs) {
    if (other === leaf || other.isGone || other.cluster === leaf.cluster) continue;
    // A hub is told of this side only, and what one hub wants is no business of another.
    if (other.isHub ? leaf.isHub : leaf.isIsolated) continue;
    for (const [key, amount] of other.wants) add(key, amount);
  }
  for (const key of sums.keys()) if (key.endsWith(' ')) sums.set(key, 1);
  return sums;
}

function shown(amounts: Amounts): string[] {
  return [...amounts].map(([key, amount]) => `${key} ${amount}`).sort();
}

for (let round = 0; round < 4; round++) {
  test(`whoever comes, goes and changes its mind: each leaf knows what the others want (${round + 1})`, async () => {
    const seed = chooseSeed();
    const tree = new SimulatedTree(seed);
    const { random } = tree.sim;
    await tree.start('hub', leafnodes('hub'));
    const world: World = { tree, client: tree.client('hub'), local: new Map(), leafs: [] };
    const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
    let number = 0;
    const join = async (): Promise<void> => {
      const name = `l${++number}`;
      const network = tree.sim.machine(name).network;
      const wire = await tree.sim.until(network.connect({ host: 'hub', port: LEAF_PORT }));
      const isHub = random.below(5) === 0;
      const cluster = isHub ? name : pick(CLUSTERS);
      world.leafs.push(new RawLeaf(wire, { name, cluster, isIsolated: !isHub && random.below(4) === 0, isHub }));
      await tree.run(50);
    };
    const actions = [
      () => {
        const key = `${pick(SUBJECTS)} ${pick(QUEUES)}`;
        world.local.set(++number, key);
        world.client.say(`SUB ${key.trim()} ${number}\r\n`);
      },
      () => {
        if (world.local.size === 0) return;
        const sid = pick([...world.local.keys()]);
        world.local.delete(sid);
        world.client.say(`UNSUB ${sid}\r\n`);
      },
      ...Array(4).fill(() => {
        const here = world.leafs.filter(({ isGone }) => !isGone);
        if (here.length > 0) pick(here).want(pick(SUBJECTS), pick(QUEUES), random.below(4));
      }),
      () => (random.below(4) === 0 ? join() : undefined),
      () => {
        const here = world.leafs.filter(({ isGone }) => !isGone);
        if (here.length > 0 && random.below(8) === 0) pick(here).leave();
      },
    ] as const;
    for (let count = 0; count < 3; count++) await join();
    for (let step = 0; step < STEPS; step++) {
      await pick(actions)();
      if (random.below(3) > 0) continue;
      await tree.run(30);
      if (step % 10 > 0) continue;
      await tree.run(300);
      for (const leaf of world.leafs) {
        if (!leaf.isGone) assert.equal(shown(leaf.told), shown(expected(world, leaf)), `seed ${seed}, step ${step}`);
      }
    }
    assert.ok(world.leafs.length >= 3, `seed ${seed}`);
    await tree.close();
  });
}

test.run();
