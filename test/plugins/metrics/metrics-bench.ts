/** The plugin over a broker that listens nowhere, and what a scrape of it says. */
import type { EndpointText } from '../../../kernel/plugin-api.ts';
import type { MetricsConfig } from '../../../plugins/metrics/config.ts';
import { plugin } from '../../../plugins/metrics/index.ts';
import { QUIET, TestWire } from '../../kits/broker-bench.ts';
import { settle } from '../../kits/fake-ports.ts';
import { type BenchOptions, type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';
import { parseExposition } from './exposition-parser.ts';

export const CONFIG: MetricsConfig = { host: '', port: 0, path: '/metrics', prefix: 'gnatsd', maxAccounts: 100 };

export interface MetricsBench extends PluginBench {
  ask(accept?: string): Promise<EndpointText>;
  scrape(accept?: string): Promise<string>;
  /** By name and those labels that not all samples have: `gnatlet_limit_hits_total{payload}`. */
  values(): Promise<Map<string, number>>;
  client(input?: string): Promise<TestWire>;
}

export async function startMetrics(
  config: Partial<MetricsConfig> = {},
  options: BenchOptions<MetricsConfig> = {},
): Promise<MetricsBench> {
  const bench = await startPlugin(plugin, { ...options, config: { ...CONFIG, ...config } });
  const ask = async (accept = ''): Promise<EndpointText> => {
    const { value } = bench.host.endpoints.get('/metrics')!;
    return (await value({ path: '/metrics', query: new URLSearchParams(), accept })) as EndpointText;
  };
  const scrape = async (accept = ''): Promise<string> => textOf(await ask(accept));
  return Object.assign(bench, {
    ask,
    scrape,
    values: async () => valuesIn(await scrape()),
    client: (input?: string) => clientOf(bench, input),
  });
}

export async function textOf({ text }: EndpointText): Promise<string> {
  let all = '';
  for await (const piece of typeof text === 'string' ? [text] : text) all += piece;
  return all;
}

export function valuesIn(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, labels, value } of parseExposition(text, 'prometheus').flatMap(({ samples }) => samples)) {
    const { server_id: _id, server_name: _name, account_id, account_name, ...own } = labels;
    const words = Object.values(own);
    values.set(words.length === 0 ? name : `${name}{${words.join()}}`, value);
  }
  return values;
}

async function clientOf({ broker }: PluginBench, input = ''): Promise<TestWire> {
  const wire = new TestWire();
  broker.listener.accept(wire);
  wire.input(QUIET + input);
  await settle();
  await settle();
  return wire;
}
