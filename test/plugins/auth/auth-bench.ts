/** A broker with the auth plugin, made from the text of a configuration, and clients whose wires the test holds. */
import { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import type { Claim } from '../../../kernel/config/claims.ts';
import { type LoadedConfig, loadConfig } from '../../../kernel/config/load.ts';
import { Problems, renderProblem } from '../../../kernel/config/problem.ts';
import { readPluginConfigs } from '../../../kernel/host/plugin-configs.ts';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { Server } from '../../../kernel/server.ts';
import type { AuthConfig } from '../../../plugins/auth/config.ts';
import { AUTHENTICATOR, type Authenticator } from '../../../plugins/auth/contract.ts';
import { plugin } from '../../../plugins/auth/index.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';

export { until };

export interface ReadConfig {
  readonly loaded: LoadedConfig;
  readonly config: AuthConfig;
  /** As they are printed. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export function readAuthConfig(text: string): ReadConfig {
  const loaded = loadConfig({ text, path: 'x.conf', claims: claims() });
  const problems = new Problems();
  problems.list.push(...loaded.problems);
  const accounts = new Map(loaded.options.accounts.map(({ name, blocks }) => [name, blocks]));
  const configs = readPluginConfigs([plugin as PluginDefinition], { blocks: loaded.blocks, accounts }, problems);
  const printed = (severity: string): string[] =>
    problems.list.filter((problem) => problem.severity === severity).map(renderProblem);
  const config = configs.get('auth') as AuthConfig;
  return { loaded, config, errors: printed('error'), warnings: printed('warning') };
}

function claims(): Map<string, Claim> {
  const { key, also = [], accountKeys = [] } = plugin.config!;
  const all = new Map<string, Claim>();
  for (const name of [key, ...also.map((owned) => owned.key)]) {
    all.set(name, { owner: 'auth', available: true, key: name });
  }
  for (const name of accountKeys) all.set(`accounts.*.${name}`, { owner: 'auth', available: true, key: name });
  return all;
}

export class AuthBench {
  readonly ports = createFakePorts();
  /** Lines of the log, each with its level in front. */
  readonly log: string[] = [];
  readonly server: Server;

  private constructor(text: string, more: readonly PluginDefinition[]) {
    const { config, loaded, errors } = readAuthConfig(text);
    if (errors.length > 0) throw new Error(errors.join('\n'));
    const { accounts, hasSystemAccount, systemAccount } = loaded.options;
    this.server = new Server({
      options: {
        ...DEFAULT_BROKER_OPTIONS,
        port: null,
        systemAccount: hasSystemAccount ? systemAccount : null,
        accounts: accounts.map(({ name }) => ({ name })),
      },
      plugins: [{ definition: plugin as PluginDefinition, config }, ...more.map((definition) => ({ definition }))],
      ports: this.ports,
      log: listLog(this.log),
    });
  }

  static async start(text: string, ...more: PluginDefinition[]): Promise<AuthBench> {
    const bench = new AuthBench(text, more);
    await bench.server.start();
    return bench;
  }

  /** Connects, and sends something. */
  async client(input = '', host = '127.0.0.1'): Promise<TestWire> {
    const wire = new TestWire();
    wire.remote.host = host;
    this.server.broker.listener.accept(wire);
    await settle();
    if (input !== '') wire.input(input);
    return wire;
  }

  /** What a client with this CONNECT is answered, INFO left out. */
  async answer(connect: object, host?: string): Promise<string> {
    const wire = await this.client(`${connectLine(connect)}PING\r\n`, host);
    return this.reply(wire);
  }

  /** What came since INFO or the last call, once a PONG or the end has come. */
  async reply(wire: TestWire): Promise<string> {
    await until(() => wire.isEnded || wire.isDestroyed || wire.text.includes('PONG\r\n'));
    const text = wire.text.replace(/^INFO .*\r\n/, '');
    wire.clear();
    return wire.isEnded || wire.isDestroyed ? `${text}<end>` : text;
  }

  async say(wire: TestWire, input: string): Promise<string> {
    wire.clear();
    wire.input(`${input}PING\r\n`);
    return this.reply(wire);
  }

  async info(): Promise<Record<string, unknown>> {
    const wire = await this.client();
    return infoOf(wire);
  }

  async reload(text: string): Promise<void> {
    const { config, loaded, errors } = readAuthConfig(text);
    if (errors.length > 0) throw new Error(errors.join('\n'));
    for (const { name } of loaded.options.accounts) this.server.broker.configureAccount({ name });
    await this.server.host.reload(new Map([['auth', config]]));
  }

  get errors(): string[] {
    return this.log
      .filter((line) => line.startsWith('error'))
      .map((line) => line.replace(/^error \S+ - cid:\d+ - /, ''));
  }
}

/** A plugin that has another way to tell who a client is. */
export function provider(name: string, authenticator: Authenticator): PluginDefinition {
  return definePlugin({
    name,
    version: '1.0.0',
    api: [1],
    provides: [{ name: AUTHENTICATOR, cardinality: 'chain' }],
    register: (ctx) => void ctx.provide(AUTHENTICATOR, authenticator),
  });
}

export function infoOf(wire: TestWire): Record<string, unknown> {
  return JSON.parse(/INFO (.*?)\r\n/.exec(wire.text)![1]!) as Record<string, unknown>;
}

export function connectLine(connect: object): string {
  return `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, ...connect })}\r\n`;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export const REFUSED = "-ERR 'Authorization Violation'\r\n<end>";
export const WELCOME = 'PONG\r\n';
