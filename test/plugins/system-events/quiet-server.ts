/** The plugin alone, in a world where time moves when told; the monitor's figures are made up. */
import { plugin } from '../../../plugins/system-events/index.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

export interface Heard {
  readonly subject: string;
  readonly body: string;
  readonly atMs: number;
}

/** What the plugin asks the monitor. */
export class FakeMonitor {
  asked: string[] = [];
  figured = 0;
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  async ask(path: string): Promise<{ status: number; body: string }> {
    this.asked.push(path);
    await this.gate;
    return { status: 200, body: '{"status":"ok"}' };
  }

  async accountStatistics({ name, connections }: { name: string; connections: ReadonlySet<unknown> }): Promise<object> {
    return { acc: name, conns: connections.size };
  }

  async figures(): Promise<Record<string, unknown>> {
    this.figured++;
    return { slow_consumer_stats: { clients: 0 }, stale_connections: 0, stalled_clients: 0 };
  }
}

export async function withQuietServer(use: (bench: PluginBench, monitor: FakeMonitor) => Promise<void>): Promise<void> {
  const monitor = new FakeMonitor();
  const bench = await startPlugin(plugin, { capabilities: { 'monitor.endpoints': monitor } });
  await use(bench, monitor);
  await bench.close();
}

/** Listens in the system account. Answers what was heard so far, and how to stop. */
export function listen({ broker, ports }: PluginBench, pattern: string): { heard: Heard[]; stop: () => void } {
  const heard: Heard[] = [];
  const stop = broker.publisher.subscribe(broker.accounts.system!, pattern, '', (message) => {
    heard.push({
      subject: message.subject,
      body: Buffer.from(message.body).toString(),
      atMs: ports.clock.monotonic(),
    });
    return true;
  });
  return { heard, stop };
}
