/** A broker with the plugin, made from the text of a configuration, on a fake clock, with wires the test holds. */
import { compose } from '../../../bin/compose.ts';
import { type Configuration, readSoundConfiguration } from '../../../bin/configuration.ts';
import { reloadPlugins } from '../../../bin/plugin-reload.ts';
import { diffConfigs } from '../../../kernel/config/diff.ts';
import type { Server } from '../../../kernel/server.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts, type FakeClock, type FakePorts } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { connectLine, infoOf, until } from '../auth/auth-bench.ts';
import { AUDIENCE, ISSUER } from './identity-provider.ts';

const ACCOUNTS = 'accounts { APP {}, OPS {} }';

/** A block with one provider. */
export function block(jwks: string, more = 'account: APP'): string {
  return `oidc { issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks { ${jwks} }, ${more} }\n${ACCOUNTS}`;
}

export class OidcBench {
  readonly ports: FakePorts;
  readonly log: string[] = [];
  readonly server: Server;
  private configuration: Configuration;

  private constructor(server: Server, configuration: Configuration, ports: FakePorts, log: string[]) {
    this.server = server;
    this.configuration = configuration;
    this.ports = ports;
    this.log = log;
  }

  static start(text: string, files: Record<string, string> = {}): Promise<OidcBench> {
    return OidcBench.begin(text, files).bench;
  }

  /** For those who have to move the clock while it starts. */
  static begin(text: string, files: Record<string, string> = {}): { bench: Promise<OidcBench>; clock: FakeClock } {
    const ports = createFakePorts();
    return { bench: OidcBench.startOn(ports, text, files), clock: ports.clock };
  }

  private static async startOn(ports: FakePorts, text: string, files: Record<string, string>): Promise<OidcBench> {
    const log: string[] = [];
    for (const [path, content] of Object.entries(files)) await ports.disk.writeFile(path, content);
    const request = { text, path: 'x.conf', ports, log: listLog(log), hasPort: false };
    const { server, configuration } = await compose(request);
    const bench = new OidcBench(server, configuration, ports, log);
    await server.start();
    return bench;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  async client(): Promise<TestWire> {
    const wire = new TestWire();
    this.server.broker.listener.accept(wire);
    await until(() => wire.text.startsWith('INFO '));
    return wire;
  }

  /** What a client with this CONNECT is answered, INFO left out. */
  async answer(connect: object): Promise<string> {
    const wire = await this.client();
    return this.say(wire, connectLine(connect));
  }

  /** A client that is in. */
  async loggedIn(connect: object): Promise<TestWire> {
    const wire = await this.client();
    const answer = await this.say(wire, connectLine(connect));
    if (answer !== 'PONG\r\n') throw new Error(`not let in: ${answer}${this.log.join('\n')}`);
    return wire;
  }

  async say(wire: TestWire, input: string): Promise<string> {
    wire.clear();
    wire.input(`${input}PING\r\n`);
    return this.reply(wire);
  }

  async reply(wire: TestWire): Promise<string> {
    await until(() => wire.isEnded || wire.isDestroyed || wire.text.includes('PONG\r\n'));
    const { text } = wire;
    wire.clear();
    return wire.isEnded || wire.isDestroyed ? `${text}<end>` : text;
  }

  async info(): Promise<Record<string, unknown>> {
    return infoOf(await this.client());
  }

  /** As a signal has it reloaded. */
  async reload(text: string): Promise<void> {
    const { requests } = this.configuration;
    const { clock } = this.ports;
    const after = await readSoundConfiguration({ text, path: 'x.conf', atLeast: requests, clock });
    const before = this.configuration;
    await reloadPlugins(this.server, before, after, diffConfigs(before.loaded, after.loaded));
    this.configuration = after;
    await this.server.broker.hooks.serverReload.slot?.({ before, after });
  }

  /** Why logins were refused, the latest last. */
  get refusals(): string[] {
    const marked = this.log.filter((line) => line.includes('authentication error'));
    return marked.map((line) => line.replace(/^.*?authentication error(?: - )?/, ''));
  }

  get lastRefusal(): string {
    return this.refusals.at(-1) ?? '';
  }

  /** The keys of one provider are asked for: whether they came is not known yet. */
  get isLoading(): boolean {
    return this.figure('key_loads') > this.figure('successful_key_loads') + this.figure('failed_key_loads');
  }

  figure(name: string): number {
    return this.server.broker.statistics().more[`oidc.${name}`]!;
  }
}
