/** A broker made from the text of a configuration, in a world of its own, that can be reloaded; clients are bytes. */
import { serverFrom } from '../../../bin/compose.ts';
import { type Configuration, type ConfigurationRequest, readSoundConfiguration } from '../../../bin/configuration.ts';
import { reload } from '../../../bin/reload.ts';
import type { ServerLog } from '../../../kernel/log/server-log.ts';
import type { Server } from '../../../kernel/server.ts';
import type { Sharing } from '../../../plugins/account-sharing/sharing.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';

export { until };

export type Options = Readonly<Record<string, unknown>>;

export class SharingBench {
  readonly ports = createFakePorts();
  readonly log: string[] = [];
  readonly server: Server;
  private configuration: Configuration;

  private constructor(configuration: Configuration) {
    this.configuration = configuration;
    this.server = serverFrom(configuration, { ports: this.ports, log: listLog(this.log), hasPort: false });
  }

  static async start(text: string): Promise<SharingBench> {
    const { clock } = createFakePorts();
    const bench = new SharingBench(await readSoundConfiguration({ text, path: 'x.conf', clock }));
    await bench.server.start();
    return bench;
  }

  /** Runs with a broker, and closes it. */
  static async with(text: string, use: (bench: SharingBench) => Promise<void>): Promise<void> {
    const bench = await SharingBench.start(text);
    try {
      await use(bench);
    } finally {
      await bench.server.close();
    }
  }

  /** The plugin's inside. */
  get sharing(): Sharing {
    return this.server.host.capabilities.find('account.sharing')?.value as Sharing;
  }

  async client(user: string, options: Options = {}, wire = new TestWire()): Promise<Client> {
    this.server.broker.listener.accept(wire);
    const client = new Client(wire);
    const hello = { verbose: false, pedantic: false, headers: true, no_responders: true, user, pass: 'p', ...options };
    await client.ask(`CONNECT ${JSON.stringify(hello)}\r\n`);
    return client;
  }

  /** False when the broker says no; the log tells why. */
  async reload(text: string): Promise<boolean> {
    const { server, configuration } = this;
    const request: ConfigurationRequest = {
      path: 'x.conf',
      readFile: () => text,
      clock: this.ports.clock,
    };
    const log = { ...listLog(this.log), setLevels: () => {} } as unknown as ServerLog;
    const after = await reload({ request, configuration, log, time: () => 0, server });
    if ('failure' in after) return false;
    this.configuration = after;
    await settle();
    return true;
  }
}

export class Client {
  readonly wire: TestWire;

  constructor(wire: TestWire) {
    this.wire = wire;
  }

  send(text: string): void {
    this.wire.input(text);
  }

  /** Sends, and answers all that came until it was dealt with. */
  async ask(text = ''): Promise<string> {
    this.wire.input(`${text}PING\r\n`);
    await until(() => this.wire.isEnded || this.wire.text.includes('PONG\r\n'));
    return this.take();
  }

  /** What came since the last call. */
  take(): string {
    const text = this.wire.text.replaceAll('PONG\r\n', '').replace(/INFO .*\r\n/, '');
    this.wire.clear();
    return text;
  }
}

/** Of an answer with a request in it, the subject to answer to. */
export function replyIn(text: string): string {
  const found = /_R_\.[0-9A-Za-z.]+/.exec(text);
  if (found === null) throw new Error(`no reply subject in ${JSON.stringify(text)}`);
  return found[0];
}

/** One account with one user of the same name in small letters. */
export function account(name: string, rules: string, user = ''): string {
  return `${name} { users: [{user: ${name.toLowerCase()}, password: p${user}}], ${rules} }\n`;
}

export function accounts(...all: string[]): string {
  return `accounts {\n${all.join('')}}\n`;
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}
