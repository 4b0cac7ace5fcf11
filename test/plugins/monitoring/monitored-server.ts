/** A running broker whose monitor is asked questions. */
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { RawClient, type RunningServer, withServer } from '../running-server.ts';

export type Row = Record<string, unknown>;

export interface Monitored extends RunningServer {
  readonly url: string;
  /** The answer, read as JSON. */
  get(path: string): Promise<Row>;
  /** The rows under a key of the answer. */
  rows(path: string, key?: string): Promise<Row[]>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** A client that has said this and got everything answered. */
  client(commands?: string, connect?: object): Promise<RawClient>;
}

export function withMonitor(
  text: string,
  use: (monitored: Monitored) => Promise<void>,
  others: readonly PluginDefinition[] = [],
): Promise<void> {
  return withServer(`http: "127.0.0.1:-1"\n${text}`, [...others, monitoring], async (running) => {
    const url = urlOf(running);
    const ask = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(url + path, { redirect: 'manual', ...init });
    const get = async (path: string): Promise<Row> => (await (await ask(path)).json()) as Row;
    await use({
      ...running,
      url,
      fetch: ask,
      get,
      rows: async (path, key = 'connections') => (await get(path))[key] as Row[],
      client: (commands = '', connect = {}) => login(running.port, commands, connect),
    });
  });
}

export function urlOf({ server }: RunningServer): string {
  const { urls } = server.host.capabilities.find('monitor.address')!.value as { urls(): string[] };
  return urls()[0]!;
}

async function login(port: number, commands: string, connect: object): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(`CONNECT ${JSON.stringify({ verbose: false, ...connect })}\r\n${commands}PING\r\n`);
  await client.until(/PONG/);
  return client;
}
