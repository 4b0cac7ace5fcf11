/** A broker in operator mode, with a resolver the test holds in its hands, and clients whose wires it holds too. */
import { Buffer } from 'node:buffer';
import { composeServer } from '../../../bin/compose.ts';
import { readSoundConfiguration } from '../../../bin/configuration.ts';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { Server } from '../../../kernel/server.ts';
import type {
  AccountResolver,
  ResolverHost,
  ResolverKind,
  ResolverOptions,
} from '../../../plugins/operator/contract.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts, type FakePorts } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { connectLine, infoOf, until } from '../auth/auth-bench.ts';
import { ACME, BOB, operatorToken, type Pair, SYSTEM } from './issuer.ts';

/** The same each time: a token holds the second it was made in. */
const USUAL = operatorToken();

/** Keeps tokens in memory, as the test says. */
export class TestResolver implements AccountResolver, ResolverKind {
  readonly tokens = new Map<string, string>();
  readonly asked: string[] = [];
  readonly calls: string[] = [];
  options: ResolverOptions | null = null;
  host: ResolverHost | null = null;
  /** Takes the place of looking it up. */
  answer: ((accountKey: string) => Promise<string | null>) | null = null;

  async open(options: ResolverOptions, host: ResolverHost): Promise<AccountResolver> {
    this.calls.push('open');
    this.options = options;
    this.host = host;
    await this.preload(options.preloads, false);
    return this;
  }

  async fetch(accountKey: string): Promise<string | null> {
    this.asked.push(accountKey);
    if (this.answer !== null) return this.answer(accountKey);
    return this.tokens.get(accountKey) ?? null;
  }

  /** At a reload what is not among them is gone, as with the resolver MEMORY. */
  async preload(preloads: ReadonlyMap<string, string>, isReload = true): Promise<void> {
    if (isReload) this.tokens.clear();
    for (const [key, token] of preloads) this.tokens.set(key, token);
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

export function resolverPlugin(resolver: ResolverKind, id = 'memory'): PluginDefinition {
  return definePlugin({
    name: `resolver-${id}-of-the-test`,
    version: '1.0.0',
    api: [1],
    provides: [{ name: 'account.resolver', cardinality: 'named', id }],
    register: (ctx) => void ctx.provide('account.resolver', resolver, { id }),
  }) as PluginDefinition;
}

export interface OperatorBenchOptions {
  /** Lines beside `operator` and `resolver`. */
  readonly text?: string;
  readonly resolver?: string;
  readonly operator?: string;
  /** By account. */
  readonly tokens?: ReadonlyMap<Pair, string>;
  readonly plugins?: readonly PluginDefinition[];
}

export class OperatorBench {
  readonly ports: FakePorts = createFakePorts();
  /** Lines of the log, each with its level in front. */
  readonly log: string[] = [];
  readonly accounts = new TestResolver();
  server!: Server;

  /** Started, with the system account in the resolver. */
  static async start(options: OperatorBenchOptions = {}): Promise<OperatorBench> {
    const bench = await OperatorBench.compose(options);
    await bench.server.start();
    return bench;
  }

  static async compose(options: OperatorBenchOptions = {}): Promise<OperatorBench> {
    const bench = new OperatorBench();
    const { tokens = new Map(), plugins = [] } = options;
    for (const [pair, token] of tokens) bench.accounts.tokens.set(pair.getPublicKey(), token);
    bench.server = await composeServer({
      text: await configText(options),
      path: 'test.conf',
      plugins: ['auth', 'operator', resolverPlugin(bench.accounts), ...plugins],
      ports: bench.ports,
      log: listLog(bench.log),
      hasPort: false,
    });
    return bench;
  }

  async client(): Promise<TestWire> {
    const wire = new TestWire();
    this.server.broker.listener.accept(wire);
    await until(() => wire.text.includes('\r\n'));
    return wire;
  }

  /** What a client that shows the token, and signs the nonce with the key, is answered. */
  async answer(jwt: string, pair: Pair | null = BOB, more: object = {}): Promise<string> {
    return this.reply(await this.login(jwt, pair, more));
  }

  /** Has said who it is. */
  async login(jwt: string, pair: Pair | null = BOB, more: object = {}): Promise<TestWire> {
    const wire = await this.client();
    const { nonce } = infoOf(wire) as { nonce: string };
    wire.input(`${connectLine({ ...this.proof(jwt, nonce, pair), ...more })}PING\r\n`);
    return wire;
  }

  /** Logged in, with nothing unread. */
  async welcome(jwt: string, pair: Pair | null = BOB, more: object = {}): Promise<TestWire> {
    const wire = await this.login(jwt, pair, more);
    const answer = await this.reply(wire);
    if (answer !== 'PONG\r\n') throw new Error(`not let in: ${answer}${this.errors.at(-1) ?? ''}`);
    return wire;
  }

  proof(jwt: string, nonce: string, pair: Pair | null): object {
    if (pair === null) return { jwt };
    return { jwt, sig: Buffer.from(pair.sign(Buffer.from(nonce))).toString('base64url') };
  }

  /** What came since INFO or the last call, once a PONG or the end has come. */
  async reply(wire: TestWire): Promise<string> {
    await until(() => wire.isEnded || wire.isDestroyed || wire.text.includes('PONG\r\n'));
    const text = wire.text.replace(/INFO .*\r\n/g, '');
    wire.clear();
    return wire.isEnded || wire.isDestroyed ? `${text}<end>` : text;
  }

  async say(wire: TestWire, input: string): Promise<string> {
    wire.input(`${input}PING\r\n`);
    return this.reply(wire);
  }

  /** A new token of an account, as a resolver hands it on. */
  push(pair: Pair, token: string): Promise<string | null> {
    this.accounts.tokens.set(pair.getPublicKey(), token);
    return this.accounts.host!.apply(pair.getPublicKey(), token);
  }

  /** As after a change of the configuration file. */
  async reload(options: OperatorBenchOptions = {}): Promise<void> {
    const { plugins } = await readSoundConfiguration({
      text: await configText(options),
      path: 'test.conf',
      plugins: ['auth', 'operator'],
      clock: this.ports.clock,
    });
    await this.server.host.reload(new Map(plugins.map(({ definition, config }) => [definition.name, config])));
  }

  get errors(): string[] {
    return this.log
      .filter((line) => line.startsWith('error'))
      .map((line) => line.replace(/^error \S+ - cid:\d+ - /, ''));
  }
}

async function configText({ text = '', resolver = 'MEMORY', operator }: OperatorBenchOptions): Promise<string> {
  return `operator: ${operator ?? (await USUAL)}\nresolver: ${resolver}\n${text}\n`;
}

/** The accounts nearly every test needs. */
export async function usualTokens(acme: Promise<string>, system: Promise<string>): Promise<Map<Pair, string>> {
  return new Map([
    [ACME, await acme],
    [SYSTEM, await system],
  ]);
}
