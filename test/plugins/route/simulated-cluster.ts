/** Clusters in a world where time, chance and wires depend on nothing but a seed. */

import { composeServer } from '../../../bin/compose.ts';
import { connectInProcess } from '../../../kernel/in-process.ts';
import { createSimulation, type Simulation, type SimulationOptions } from '../../../kernel/ports/simulated-ports.ts';
import type { Receiver, Transport } from '../../../kernel/ports/transport.ts';
import type { Server } from '../../../kernel/server.ts';
// What servers load at its first use would come late in a world whose minutes take no time.
import '../../../plugins/monitoring/endpoints/accstatz.ts';
import { listLog } from '../../kits/plugin-kit.ts';

const PORT = 6222;

export interface SimulatedNode {
  readonly name: string;
  server: Server;
  readonly log: string[];
  /** Whom it knows. */
  readonly known: readonly string[];
  /** What stands in the block `cluster`. */
  readonly block: string;
  readonly text: string;
}

export class SimulatedCluster {
  readonly sim: Simulation;
  readonly nodes = new Map<string, SimulatedNode>();

  constructor(seed: number, options: SimulationOptions = {}) {
    this.sim = createSimulation(seed, options);
  }

  /** A server on a machine of its name, that knows of others. */
  async start(name: string, known: readonly string[] = [], block = 'name: C', text = ''): Promise<SimulatedNode> {
    const routes = known.map((other) => `"nats://${other}:${PORT}"`).join(', ');
    const log: string[] = [];
    const node = { name, log, known, block: `${block}\n routes: [${routes}]`, text, server: null as unknown as Server };
    this.nodes.set(name, node);
    await this.restart(node);
    return node;
  }

  async restart(node: SimulatedNode): Promise<void> {
    const { name, block, text, log } = node;
    const config = `host: ${name}\nport: 4222\nserver_name: ${nameIn(text, name)}\n${bare(text)}\ncluster { host: ${name}, port: ${PORT}, ${block} }\n`;
    node.server = await composeServer({
      text: config,
      path: `${name}.conf`,
      ports: this.sim.machine(name),
      log: listLog(log),
    });
    await this.sim.until(node.server.start());
  }

  node(name: string): SimulatedNode {
    return this.nodes.get(name)!;
  }

  /** How many other servers each one has. */
  peers(): number[] {
    return [...this.nodes.values()].map(({ server }) => peersOf(server));
  }

  /** Connections to other servers, over all. */
  links(): number[] {
    return [...this.nodes.values()].map(({ server }) => server.broker.links.size);
  }

  async run(milliseconds: number): Promise<void> {
    await this.sim.run(this.sim.clock.monotonic() + milliseconds);
  }

  /** Answers how long it took. */
  async untilSo(isSo: () => boolean, withinMs: number): Promise<number> {
    const start = this.sim.clock.monotonic();
    while (!isSo()) {
      const passed = this.sim.clock.monotonic() - start;
      if (passed > withinMs) throw new Error(`seed ${this.sim.seed}: not within ${withinMs} ms: ${this.picture()}`);
      await this.run(20);
    }
    return this.sim.clock.monotonic() - start;
  }

  untilWhole(withinMs: number): Promise<number> {
    const others = this.nodes.size - 1;
    return this.untilSo(() => this.peers().every((count) => count === others), withinMs);
  }

  picture(): string {
    return `peers ${this.peers().join(' ')}, links ${this.links().join(' ')}`;
  }

  /** Who logs in with its name as its password, or anybody. */
  client(name: string, user = ''): SimulatedClient {
    return new SimulatedClient(connectInProcess(this.node(name).server.broker), user);
  }

  async close(): Promise<void> {
    for (const { server } of this.nodes.values()) await this.sim.until(server.close());
  }
}

/** Lines that say that something is wrong. */
export function complaintsOf({ log }: SimulatedNode): string[] {
  return log.filter((line) => /^(error|warn) /.test(line));
}

function nameIn(text: string, name: string): string {
  return /^called (\S+)$/m.exec(text)?.[1] ?? name;
}

function bare(text: string): string {
  return text.replace(/^called \S+$/m, '');
}

function peersOf({ host }: Server): number {
  return (host.capabilities.find('server.peers')!.value as { readonly count: number }).count;
}

export class SimulatedClient implements Receiver {
  text = '';
  private readonly wire: Transport;

  constructor(wire: Transport, user = '') {
    this.wire = wire;
    wire.start(this);
    const login = user === '' ? '' : `,"user":"${user}","pass":"${user}"`;
    this.say(`CONNECT {"verbose":false,"headers":true,"no_responders":true${login}}\r\n`);
  }

  say(text: string): void {
    this.wire.write(Buffer.from(text, 'latin1'));
  }

  publish(subject: string, body: string): void {
    this.say(`PUB ${subject} ${body.length}\r\n${body}\r\n`);
  }

  /** Bodies that came for that subscription, in their order. */
  heard(sid: string): string[] {
    const message = new RegExp(`MSG \\S+ ${sid} (?:\\S+ )?\\d+\\r\\n(.*)\\r\\n`, 'g');
    return [...this.text.matchAll(message)].map((match) => match[1]!);
  }

  leave(): void {
    this.wire.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    if (text.includes('PING\r\n')) this.say('PONG\r\n');
    this.text += text;
  }

  onRead(): void {}
  onWritten(): void {}
  onClosed(): void {}
}
