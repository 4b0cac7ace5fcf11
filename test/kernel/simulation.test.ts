import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Broker } from '../../kernel/broker.ts';
import { DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import { SILENT_LOG } from '../../kernel/log.ts';
import { createSimulation, type Simulation } from '../../kernel/ports/simulated-ports.ts';
import type { Receiver, Transport } from '../../kernel/ports/transport.ts';
import { matchesLiteral } from '../../kernel/routing/subject.ts';
import { QUIET } from '../kits/broker-bench.ts';
import { chooseSeed } from './ports/seed.ts';

const SUBJECTS = ['a.b', 'a.c', 'b.c', 'a.b.c'];
const PATTERNS = ['a.*', '>', 'a.b', '*.c', 'a.>', 'b.c'];

interface Delivery {
  subject: string;
  sid: string;
  sender: string;
  number: number;
}

/** A client that speaks by rote, and writes down what it hears. */
class SimulatedClient implements Receiver {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly heard: Delivery[] = [];
  published = 0;
  isClosed = false;
  private text = '';
  private readonly wire: Transport;

  constructor(name: string, wire: Transport, patterns: readonly string[]) {
    this.name = name;
    this.wire = wire;
    this.patterns = patterns;
    wire.start(this);
    this.say(QUIET + patterns.map((pattern, sid) => `SUB ${pattern} ${sid}\r\n`).join(''));
  }

  say(text: string): void {
    if (!this.isClosed) this.wire.write(Buffer.from(text));
  }

  publish(subject: string): void {
    const body = `${this.name} ${++this.published}`;
    this.say(`PUB ${subject} ${body.length}\r\n${body}\r\n`);
  }

  vanish(): void {
    this.isClosed = true;
    this.wire.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
    const message = /MSG (\S+) (\S+) \d+\r\n(\S+) (\d+)\r\n/g;
    let end = 0;
    for (let match = message.exec(this.text); match !== null; match = message.exec(this.text)) {
      const [, subject, sid, sender, number] = match;
      this.heard.push({ subject: subject!, sid: sid!, sender: sender!, number: Number(number) });
      end = message.lastIndex;
    }
    this.text = this.text.slice(end);
  }

  onRead(): void {}
  onWritten(): void {}
  onClosed(): void {
    this.isClosed = true;
  }
}

interface Run {
  clients: SimulatedClient[];
  digest: string;
}

async function openClient(world: Simulation, name: string): Promise<SimulatedClient> {
  const wire = await world.machine(name).network.connect({ host: 'broker', port: 4222 });
  const patterns = PATTERNS.filter(() => world.random.below(2) === 0);
  return new SimulatedClient(name, wire, patterns);
}

/** Clients come, talk, and some of them vanish; then everything that is under way arrives. */
async function simulate(seed: number): Promise<Run> {
  const world = createSimulation(seed);
  const ports = world.machine('broker');
  const hooks = createHooks({
    tapThrew: (_hook, _plugin, error) => {
      throw error;
    },
  });
  const options = { ...DEFAULT_BROKER_OPTIONS, port: 4222, host: '0.0.0.0' };
  const broker = new Broker({ options, ports, hooks, log: SILENT_LOG });
  await world.until(broker.listener.listen());
  const clients: SimulatedClient[] = [];
  for (let count = 0; count < 8; count++) clients.push(await world.until(openClient(world, `client${count}`)));
  await world.run(ports.clock.monotonic() + 1000);
  for (let step = 0; step < 300; step++) {
    const client = clients[world.random.below(clients.length)]!;
    if (world.random.below(150) === 0) client.vanish();
    else client.publish(SUBJECTS[world.random.below(SUBJECTS.length)]!);
    await world.run(ports.clock.monotonic() + world.random.below(5));
  }
  await world.run(ports.clock.monotonic() + 60_000);
  assert.is(broker.connections.size, clients.filter(({ isClosed }) => !isClosed).length);
  await world.until(broker.close());
  const story = clients.map(({ heard }) => heard);
  return { clients, digest: createHash('sha256').update(JSON.stringify(story)).digest('hex') };
}

/** What one listener heard on one subscription of one sender. */
function numbersOf(listener: SimulatedClient, sid: number, sender: string): number[] {
  return listener.heard
    .filter((delivery) => delivery.sid === String(sid) && delivery.sender === sender)
    .map(({ number }) => number);
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number > numbers[at - 1]!);
}

test('in a simulated world each subscription hears what it asked for, in each sender’s order, and once', async () => {
  const seed = chooseSeed();
  for (let run = 0; run < 5; run++) {
    const { clients } = await simulate(seed + run);
    for (const listener of clients) {
      for (const { subject, sid } of listener.heard) {
        assert.ok(matchesLiteral(subject, listener.patterns[Number(sid)]!), `GNATLET_SEED=${seed + run}`);
      }
      for (const sid of listener.patterns.keys()) {
        for (const { name } of clients) {
          assert.ok(isRising(numbersOf(listener, sid, name)), `order, GNATLET_SEED=${seed + run}`);
        }
      }
    }
    const [all] = clients.filter(({ isClosed, patterns }) => !isClosed && patterns.includes('>'));
    const staying = clients.find(({ isClosed }) => !isClosed);
    if (all === undefined || staying === undefined) continue;
    const numbers = numbersOf(all, all.patterns.indexOf('>'), staying.name);
    assert.is(numbers.length, staying.published, `nothing is missing, GNATLET_SEED=${seed + run}`);
  }
});

test('the same seed tells the same story, another one another', async () => {
  const seed = chooseSeed();
  const [one, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
  assert.is(one.digest, again.digest, `GNATLET_SEED=${seed}`);
  assert.is.not(one.digest, other.digest);
});

test.run();
