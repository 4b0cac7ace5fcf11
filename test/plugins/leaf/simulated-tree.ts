/** Hubs and leafs in a world where time, chance and wires depend on nothing but a seed. */
import { composeServer } from '../../../bin/compose.ts';
import { connectInProcess } from '../../../kernel/in-process.ts';
import { createSimulation, type Simulation, type SimulationOptions } from '../../../kernel/ports/simulated-ports.ts';
import type { Receiver, Transport } from '../../../kernel/ports/transport.ts';
import type { Server } from '../../../kernel/server.ts';
// What servers load at its first use would come late in a world whose minutes take no time.
import '../../../plugins/monitoring/endpoints/accstatz.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { SimulatedClient } from '../route/simulated-cluster.ts';

export const LEAF_PORT = 7422;
const MINUTE = 60_000;

export interface TreeNode {
  readonly name: string;
  readonly text: string;
  server: Server;
  readonly log: string[];
}

/** The block of a server on which leafs hang, and which hangs on others itself. */
export function leafnodes(name: string, hubs: readonly string[] = [], more = '', remote = ''): string {
  const remotes = hubs.map((hub) => `{ url: "nats-leaf://${hub}:${LEAF_PORT}", ${remote} }`).join(', ');
  return `leafnodes { host: ${name}, port: ${LEAF_PORT}, ${more} remotes: [${remotes}] }`;
}

export class SimulatedTree {
  readonly sim: Simulation;
  readonly nodes = new Map<string, TreeNode>();

  constructor(seed: number, options: SimulationOptions = {}) {
    this.sim = createSimulation(seed, options);
  }

  /** On a machine of that name. */
  async start(name: string, text: string, serverName = name): Promise<TreeNode> {
    const node = { name, log: [], server: null as unknown as Server, text: `server_name: ${serverName}\n${text}` };
    this.nodes.set(name, node);
    await this.restart(node);
    return node;
  }

  async restart(node: TreeNode): Promise<void> {
    const { name, text, log } = node;
    const ports = this.sim.machine(name);
    const config = `host: ${name}\nport: 4222\nping_interval: "2s"\n${text}\n`;
    node.server = await composeServer({ text: config, path: `${name}.conf`, ports, log: listLog(log) });
    await this.sim.until(node.server.start());
  }

  client(name: string): SimulatedClient {
    return new SimulatedClient(connectInProcess(this.nodes.get(name)!.server.broker));
  }

  async run(milliseconds: number): Promise<void> {
    await this.sim.run(this.sim.clock.monotonic() + milliseconds);
  }

  async untilSo(isSo: () => boolean, withinMs = MINUTE): Promise<void> {
    const start = this.sim.clock.monotonic();
    while (!isSo()) {
      if (this.sim.clock.monotonic() - start > withinMs)
        throw new Error(`seed ${this.sim.seed}: not within ${withinMs} ms: ${this.links().join()}`);
      await this.run(20);
    }
  }

  /** Connections of servers to servers, by server. */
  links(): number[] {
    return [...this.nodes.values()].map(({ server }) => server.broker.links.size);
  }

  /** Subscriptions of everybody, by server. */
  subscriptions(): number[] {
    return [...this.nodes.values()].map(({ server }) =>
      [...server.broker.accounts.all()].reduce((sum, { sublist }) => sum + sublist.count, 0),
    );
  }

  async close(): Promise<void> {
    for (const { server } of this.nodes.values()) await this.sim.until(server.close());
  }
}

export function linesOf({ log }: TreeNode, part: string | RegExp): string[] {
  return log.filter((line) => (typeof part === 'string' ? line.includes(part) : part.test(line)));
}

/** Somebody on a machine where no broker runs, who says what the test wants. */
export class Impostor implements Receiver {
  /** All that was said to it, over all connections. */
  text = '';
  count = 0;
  closed = 0;
  readonly wires: Transport[] = [];
  private readonly greeting: string;

  constructor(greeting: string) {
    this.greeting = greeting;
  }

  async listen(tree: SimulatedTree, machine: string): Promise<void> {
    const listening = tree.sim.machine(machine).network.listen({ host: machine, port: LEAF_PORT }, (wire) => {
      this.count++;
      this.wires.push(wire);
      wire.start(this);
      if (this.greeting !== '') wire.write(Buffer.from(this.greeting, 'latin1'));
    });
    await tree.sim.until(listening);
  }

  onBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }

  onRead(): void {}
  onWritten(): void {}

  onClosed(): void {
    this.closed++;
  }
}
