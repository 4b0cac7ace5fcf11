/**
 * Who asks the monitor: HTTP, code in this process, and other plugins. What answers is loaded with the first question, for most
 * brokers are never asked.
 */
import type { Account, EndpointHandler, Log } from '../../kernel/plugin-api.ts';
import type { MonitorAnswer, MonitorEndpoint, MonitorEndpoints, MonitorQuery } from './contract.ts';
import type { HttpMonitor } from './http/http-monitor.ts';
import type { Monitor } from './monitor.ts';

export class Questions implements MonitorEndpoints {
  readonly #monitor: Monitor;
  #endpoints: Promise<ReadonlyMap<string, MonitorEndpoint>> | null = null;
  #statistics: ((monitor: Monitor, account: Account) => object) | null = null;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  async ask(path: string, query: MonitorQuery): Promise<{ status: number; body: string } | null> {
    const endpoint = (await this.#opened()).get(path);
    if (endpoint === undefined) return null;
    const answer = await endpoint.answer(query);
    if ('text' in answer) return { status: answer.status, body: answer.text };
    const { compactText } = await import('./json-text.ts');
    return { status: answer.status ?? 200, body: await compactText(answer.json, this.#monitor.pace()) };
  }

  async figures(): Promise<Readonly<Record<string, unknown>>> {
    const { varz } = await import('./endpoints/varz.ts');
    return (varz(this.#monitor) as { json: Record<string, unknown> }).json;
  }

  async accountStatistics(account: Account): Promise<object> {
    this.#statistics ??= (await import('./endpoints/accstatz.ts')).accountStatistics;
    return this.#statistics(this.#monitor, account);
  }

  /** Within this process, with parameters as they stand in a URL. */
  async answer(path: string, parameters: URLSearchParams): Promise<MonitorAnswer | undefined> {
    const { Query } = await import('./http/query.ts');
    return (await this.#opened()).get(path)?.answer(new Query(parameters));
  }

  async overHttp(log: Log, others: () => ReadonlyMap<string, EndpointHandler>): Promise<HttpMonitor> {
    const endpoints = await this.#opened();
    const [{ HttpMonitor }, { Router }] = await Promise.all([
      import('./http/http-monitor.ts'),
      import('./http/router.ts'),
    ]);
    const connectionsMax = (): number => this.#monitor.config.connectionsMax;
    const parts = { clock: this.#monitor.clock, log, connectionsMax };
    const http = new HttpMonitor(new Router(this.#monitor, endpoints, others), parts);
    await http.open();
    return http;
  }

  #opened(): Promise<ReadonlyMap<string, MonitorEndpoint>> {
    this.#endpoints ??= import('./endpoints/table.ts').then(({ endpointsOf }) => endpointsOf(this.#monitor));
    return this.#endpoints;
  }
}
